"""`lda report`."""
