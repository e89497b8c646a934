"""The samplers on a GPU: the arrays and the bits of the kernels one folder up, computed by CUDA."""
