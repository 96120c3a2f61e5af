"""Integers and arrays in, integers and arrays out: coordinates, windows, one-hot, bins."""
