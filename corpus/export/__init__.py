"""Corpora as files of other programs, written shard by shard."""
