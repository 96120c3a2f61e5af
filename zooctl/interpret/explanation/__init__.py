"""One report on a variant or a region: predictions, importances, motifs and scores."""
