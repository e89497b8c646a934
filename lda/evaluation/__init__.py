"""How good a model is: held-out likelihood, coherence, diagnostics, stability."""
