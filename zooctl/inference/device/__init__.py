"""The machine that graphs run on, and onnxruntime on it."""
