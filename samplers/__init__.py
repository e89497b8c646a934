"""Samplers for Latent Dirichlet Allocation: arrays in, arrays out."""
