"""Atomic outputs, pinned files, locks, the cache folder, BGZF and text."""
