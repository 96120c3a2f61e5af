"""Reproducibility after Heil et al. 2021: train again, compare, report."""
