"""`lda evaluate`."""
