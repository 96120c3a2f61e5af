"""Software, hardware and commit that a model was made with."""
