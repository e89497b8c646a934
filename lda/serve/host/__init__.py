"""Processes of a service: a supervisor that has socket and models, workers that answer, and models that are swapped."""
