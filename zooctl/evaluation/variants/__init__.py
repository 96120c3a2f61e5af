"""Agreement of variant scores with measured effects."""
