"""From weights and a genome to predicted tracks and variant scores, through onnxruntime."""
