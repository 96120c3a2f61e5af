"""Sizes and defaults of every network that a recipe may choose."""
