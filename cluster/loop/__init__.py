"""Training: sweep after sweep, learning priors, validating, stopping early."""
