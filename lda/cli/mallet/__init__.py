"""`lda mallet`."""
