"""Checkpoints: writing them, reading them, one run at a time."""
