"""Entries of the zoo, genomes and data: located, downloaded, verified, published."""
