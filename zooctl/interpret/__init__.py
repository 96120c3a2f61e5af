"""Mutagenesis, motif matches and pictures."""
