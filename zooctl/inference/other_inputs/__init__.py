"""Inputs of a network beside the sequence: signals per base, and values of a sample."""
