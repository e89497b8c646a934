"""Documents that join a finished corpus."""
