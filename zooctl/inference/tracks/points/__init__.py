"""Predictions at places in genes: promoters, ends of transcripts, exons."""
