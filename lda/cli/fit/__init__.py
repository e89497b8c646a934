"""`lda fit`."""
