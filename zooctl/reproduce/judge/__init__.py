"""Checks of an entry, its data and its repeated training."""
