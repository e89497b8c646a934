"""Building a corpus by many hands: processes of this machine, or a cluster."""
