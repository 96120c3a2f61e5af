"""Entries from models that were made elsewhere."""
