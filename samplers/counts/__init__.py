"""Counts of words and documents by topic: layouts, accumulating, deltas, histograms."""
