"""Gapped k-mer SVMs as graphs: the weight of every l-mer, and the kernel's norm of a window."""
