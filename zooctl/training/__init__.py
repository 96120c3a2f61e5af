"""From a recipe to weights, through torch. Needs the `train` extra."""
