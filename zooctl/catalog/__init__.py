"""What the zoo holds: model cards, recipes, manifests, genomes, and where to find them."""
