"""Entries of the zoo, genomes and data: where they are, and whether they are whole."""
