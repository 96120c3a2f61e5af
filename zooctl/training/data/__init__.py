"""Windows, inputs and targets of training as arrays."""
