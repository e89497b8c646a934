"""`lda tune`."""
