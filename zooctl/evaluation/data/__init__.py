"""Measured tracks and labels that predictions are compared with."""
