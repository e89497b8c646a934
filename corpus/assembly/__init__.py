"""From batches of numbered documents to shards with a vocabulary."""
