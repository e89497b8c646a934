"""The race: held-out log-likelihood against training seconds, of raylda and of what would be used instead."""
