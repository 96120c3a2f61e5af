"""Weights that stay where their authors published them: terms, download, conversion."""
