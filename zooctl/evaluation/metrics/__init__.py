"""Metrics of predicted tracks and of calls, with confidence intervals."""
