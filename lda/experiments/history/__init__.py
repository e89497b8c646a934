"""Where models come from: runs that are listed, and repeated."""
