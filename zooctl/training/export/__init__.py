"""Trained weights to a zoo entry: ONNX, safetensors, probe, manifest."""
