"""What documents say about the topics of a model: one pass over them, in bounded memory."""
