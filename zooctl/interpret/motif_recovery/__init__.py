"""Recover the motif that a model reads, and compare it with known ones."""
