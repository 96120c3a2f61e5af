"""Agreement of variant scores with measured effects of variants."""
