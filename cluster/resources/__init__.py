"""Memory and cores: arrays in files, shared memory, threads, sharing work, budgets."""
