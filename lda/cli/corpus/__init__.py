"""`lda corpus`."""
