"""Layers, blocks and heads that networks are composed of."""
