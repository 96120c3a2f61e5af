"""What a model has learnt, and pictures of it."""
