"""Documents: model cards, recipes and manifests; strict YAML, and errors with field and line."""
