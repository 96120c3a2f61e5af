"""Checkpoints of families of models: names of tensors in, entries out; no code of theirs is run."""
