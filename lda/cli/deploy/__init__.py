"""`lda deploy`."""
