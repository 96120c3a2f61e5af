"""Intervals: BED, peaks, reads, GTF, chain files and tables."""
