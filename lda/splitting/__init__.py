"""Honest splits: parts that share no document, and the overlap of corpora that may."""
