"""A model: its matrices, its folder, the record of its fit."""
