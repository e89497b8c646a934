"""Models beside each other: which topics they share, and which predicts better."""
