"""Baselines that a model is compared with: k-mers, GC content, motif hits."""
