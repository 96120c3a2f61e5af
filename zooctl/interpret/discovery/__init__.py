"""Motifs found in the importance of bases: TF-MoDISco by modisco-lite."""
