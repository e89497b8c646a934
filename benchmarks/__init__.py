"""Benchmarks: each prints a table that anyone can print again; `python -m benchmarks --help` lists them."""
