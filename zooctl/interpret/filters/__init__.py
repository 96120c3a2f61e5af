"""Filters of a first layer, as motifs."""
