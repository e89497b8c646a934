"""What a study searches: parameters and their values, which candidates are tried, and which go on at a rung."""
