"""The counts n_kw: ranges of the vocabulary, their aggregation, fingerprint and files."""
