"""Whether results come again: the environment they were made in, and what it takes to compare."""
