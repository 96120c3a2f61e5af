"""VCF and BCF: reading, annotating and writing records, and indexing."""
