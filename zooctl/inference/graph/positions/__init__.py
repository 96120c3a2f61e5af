"""The input bases that each position of each tensor of a graph reads, from its operators."""
