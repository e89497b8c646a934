"""The language model: what stands for phi during a phase."""
