"""Windows in which single bases are replaced, predicted where they can differ."""
