"""Studies: claims of papers, each tested by one command."""
