"""Many fits: studies of settings, a model for each group, models compared, and the history of them all."""
