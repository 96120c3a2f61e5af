"""Documents that people write: model cards, recipes, manifests; strict YAML and its errors."""
