"""A study: fits with many settings, and what they tell about which to take."""
