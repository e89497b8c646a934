"""Token rules: how the topics of a document are resampled given phi and its own counts."""
