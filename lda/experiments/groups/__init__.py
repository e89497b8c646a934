"""A model for each group of documents: those with one value of a field."""
