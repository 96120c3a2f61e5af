"""Attribution as a command that can be planned, beside those of inference."""
