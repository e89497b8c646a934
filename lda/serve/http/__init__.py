"""One request, from its first byte to its answer: reading, limits, inference in batches, errors, measures."""
