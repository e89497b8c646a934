"""Words that a collection has in every topic, and that therefore tell topics apart in none."""
