"""What a model says of documents: completion, left-to-right, joint likelihood, co-occurrence."""
