"""Downloads: resumed, and verified before they appear."""
