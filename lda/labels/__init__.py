"""Names of topics: what people call them, who said so, and what they might be called."""
