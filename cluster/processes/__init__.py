"""Worker processes on this machine, which do tasks side by side."""
