"""Scores of variants by models of exons."""
