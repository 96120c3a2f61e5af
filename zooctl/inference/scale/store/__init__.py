"""Stores of scores: filled over regions, asked for a VCF, listed, verified and exported."""
