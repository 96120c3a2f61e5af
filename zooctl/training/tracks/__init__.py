"""Signals of a recipe as arrays, per base and per bin."""
