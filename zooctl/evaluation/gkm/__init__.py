"""Gapped k-mer SVMs as entries: windows of regions, training, the card."""
