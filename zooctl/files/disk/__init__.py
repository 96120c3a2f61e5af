"""Whole files or none, locks, the cache folder, BGZF and text."""
