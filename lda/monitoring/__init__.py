"""Following long runs: a status file for schedulers, metrics for Prometheus, and a log of what happened."""
