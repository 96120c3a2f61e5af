"""VCF and BCF: records read, annotated and written, with their indexes."""
