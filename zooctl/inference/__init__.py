"""From weights and a genome to predicted tracks, through onnxruntime."""
