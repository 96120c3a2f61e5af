"""Baselines that a model is compared with: k-mer ridges, GC content, motif hits."""
