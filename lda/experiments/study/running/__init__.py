"""The trials of a study: the corpora that they are fitted to, what they cost, and where they run."""
