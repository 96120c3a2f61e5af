"""Training and evaluation repeated, in full or for the first steps."""
