"""Readers of files, by format. Base classes stand in `base`, and the formats in `registry`."""
