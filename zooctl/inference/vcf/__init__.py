"""Scoring of whole VCF files."""
