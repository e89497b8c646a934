"""`lda compare`."""
