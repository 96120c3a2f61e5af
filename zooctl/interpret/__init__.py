"""Attribution, mutagenesis and motifs: the bases that a prediction depends on."""
