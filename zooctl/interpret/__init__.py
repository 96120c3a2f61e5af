"""Motifs from in-silico mutagenesis, motif comparison, and pictures."""
