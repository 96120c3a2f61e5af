"""Known motifs in sequence, and known motifs like those of a model: FIMO and Tomtom by memelite."""
