"""One check of a recipe a module."""
