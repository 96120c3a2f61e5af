"""Saturation mutagenesis: the effects of every small change in a region."""
