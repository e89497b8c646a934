"""One driver a system. They run as scripts, in environments of their own, and import nothing of this project."""
