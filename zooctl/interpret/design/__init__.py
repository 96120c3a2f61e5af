"""Sequences designed for a prediction, by substitutions or by gradients."""
