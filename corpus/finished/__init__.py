"""What is done with a corpus that is built: parts of it, several as one, what it holds."""
