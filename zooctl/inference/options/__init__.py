"""Options of predictions and scores."""
