"""`lda serve` under load, beside other libraries behind the same kind of handler."""
