"""`lda export`."""
