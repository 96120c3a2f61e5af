"""Plans of large runs: shards that workers anywhere compute, and the whole output from them."""
