"""The report: a model and its documents as one page that opens anywhere, and as tables."""
