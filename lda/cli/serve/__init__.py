"""`lda serve`."""
