"""Checks and composition of ONNX graphs before they run."""
