"""The genome that small files lie on: two drawn contigs, and a piece of chromosome 21 of hg19."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
_HG19 = REPO / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz"
_PIECE = (33_000_000, 33_002_000)
_LINE = 50


@cache
def genome() -> dict[str, str]:
    """Return the sequences; ``chr1`` has no N, ``chr2`` has some."""
    draw = random.Random(21)
    second = "".join(draw.choices("ACGT", k=1_200))
    return {
        "chr1": "".join(draw.choices("ACGT", k=3_000)),
        "chr2": second[:500] + "N" * 200 + second[700:],
        "chr21": _piece(),
    }


def _piece() -> str:
    """Return 2,000 bases of chromosome 21, without the library that zooctl reads them with."""
    import pysam

    # Without its neighbours .fai and .gzi pysam would write some.
    with pysam.FastaFile(str(_HG19)) as file:
        text: str = file.fetch("chr21", *_PIECE)
    return text.upper()


def fasta_text(sequences: dict[str, str] | None = None, width: int = _LINE) -> bytes:
    """Return sequences as a FASTA file."""
    parts = []
    for name, text in (genome() if sequences is None else sequences).items():
        lines = [text[at : at + width] for at in range(0, len(text), width)]
        parts.append(f">{name}\n" + "".join(f"{line}\n" for line in lines))
    return "".join(parts).encode()


def base(pos: int, length: int = 1, chrom: str = "chr1") -> str:
    """Return the bases of a VCF's POS, which is counted from 1."""
    return genome()[chrom][pos - 1 : pos - 1 + length]


def other(letter: str) -> str:
    """Return another base.

    >>> other("A"), other("T")
    ('C', 'A')
    """
    return "ACGT"[("ACGT".index(letter) + 1) % 4]
