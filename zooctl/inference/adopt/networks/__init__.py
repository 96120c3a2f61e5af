"""Networks of other software as graphs without weights: layer lists in, ONNX out."""
