"""FASTA: scanned, indexed and read by interval."""
