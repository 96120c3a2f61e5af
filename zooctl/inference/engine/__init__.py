"""Many windows of one sequence at once: only what can differ between them is computed."""
