"""Backgrounds: scores of alleles without a selected effect, to compare scores with."""
