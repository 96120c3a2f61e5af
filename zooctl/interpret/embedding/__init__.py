"""Embeddings: the activations that a network's last layer reads, for transfer and clustering."""
