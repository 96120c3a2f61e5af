"""Entries of models that were trained by other software."""
