"""The file formats of the field, one foreign library a module."""
