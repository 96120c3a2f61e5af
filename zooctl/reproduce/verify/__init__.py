"""Verification of recorded reports."""
