"""Downloads that are resumed and verified."""
