"""What the kernels are made of: compilation, random streams, prefix sums, atomic flags."""
