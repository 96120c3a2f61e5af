"""Bins of human chromosomes 20 and 21 with their sequence and CTCF signal, for the tutorials."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyBigWig
import pysam
from sklearn.feature_extraction.text import CountVectorizer

DATA = Path(__file__).resolve().parents[2] / "recipes/data"
SIZE = 512


class Bins(NamedTuple):
    """Bins of one region: sequence, place, GC content, and whether CTCF is bound."""

    sequences: list[str]
    starts: np.ndarray
    gc: np.ndarray
    positive: np.ndarray


def read_bins(chrom: str, start: int, end: int, stride: int = SIZE) -> Bins:
    """Read bins of 512 bp; positive ones reach a signal of 8 and three times the control."""
    with pysam.FastaFile(str(DATA / f"hg19_chr20_chr21/hg19.{chrom}.fa.gz")) as fasta:
        text = fasta.fetch(chrom, start, end).upper()
    signal, control = (
        pyBigWig.open(str(DATA / f"ctcf_gm12878_hg19/GM12878_{name}_5M.hg19.chr20_21.bw"))
        for name in ("CTCF", "Input")
    )
    highest = [
        np.nan_to_num(track.values(chrom, start, end, numpy=True)) for track in (signal, control)
    ]
    starts = np.arange(0, end - start - SIZE + 1, stride)
    starts = starts[[text.count("N", at, at + SIZE) == 0 for at in starts]]
    bound = [track[starts[:, None] + np.arange(SIZE)].max(axis=1) for track in highest]
    sequences = [text[at : at + SIZE] for at in starts]
    gc = np.array([(one.count("G") + one.count("C")) / SIZE for one in sequences])
    positive = (bound[0] >= 8) & (bound[0] >= 3 * bound[1])
    return Bins(sequences, starts + start, gc, positive)


def count_kmers(sequences: list[str], k: int = 5):
    """Count k-mers: a row a sequence, a column a k-mer."""
    every = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False)
    every.fit(["".join(letters) for letters in _words(k)])
    return every.transform(sequences)


def _words(k: int) -> list[str]:
    words = [""]
    for _ in range(k):
        words = [word + base for word in words for base in "ACGT"]
    return words
