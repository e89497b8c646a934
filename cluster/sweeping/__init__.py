"""One sweep: a model frozen for each phase, documents resampled under it, changes counted."""
