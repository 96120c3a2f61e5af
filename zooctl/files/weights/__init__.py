"""Containers of weights: safetensors, HDF5, ONNX initialisers."""
