"""Every value of a training recipe, one module a section."""
