"""Predicted tracks and variant scores from weights and a genome, through onnxruntime."""
