"""`lda transform`."""
