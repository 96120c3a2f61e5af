"""Evidence for each criterion: entry, data, lock files, probe."""
