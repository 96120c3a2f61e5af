"""Shift-robust scores of alleles."""
