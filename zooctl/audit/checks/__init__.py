"""Checks of a recipe, by pitfall."""
