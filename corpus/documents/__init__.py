"""What is done with documents before they are counted: chosen, typed, split, joined, rid of duplicates."""
