"""How far the machine is from raylda: C programs of the same rule, and nothing around it."""
