"""Metrics of tracks and classifications, with their intervals."""
