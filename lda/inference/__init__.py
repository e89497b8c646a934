"""Topics for a request: a model kept ready, and what it finds in a few documents at a time."""
