"""Independence of the windows of a batch, as far as the operators of a graph prove it."""
