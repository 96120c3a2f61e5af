"""Substitutions of common variants by the bases beside them.

Counted over the 43,154 single-base ALTs of the 1000 Genomes sites of chromosome 21 (GRCh38; the
example data of bionumpy, MIT), lifted to hg19, where REF is the genome's base. Both strands are
one: the base in the middle is C or T.
``tests/inference/background/test_spectrum.py`` counts them again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.onehot import BASES

COUNTS: dict[str, tuple[int, int, int]] = {
    "ACA": (491, 429, 1546),
    "ACC": (314, 246, 635),
    "ACG": (165, 194, 1770),
    "ACT": (230, 301, 1197),
    "ATA": (306, 1528, 316),
    "ATC": (198, 643, 147),
    "ATG": (218, 1934, 224),
    "ATT": (349, 1195, 260),
    "CCA": (248, 124, 615),
    "CCC": (223, 146, 531),
    "CCG": (165, 103, 1277),
    "CCT": (253, 169, 776),
    "CTA": (120, 622, 92),
    "CTC": (141, 610, 133),
    "CTG": (144, 1508, 153),
    "CTT": (245, 843, 162),
    "GCA": (238, 197, 606),
    "GCC": (137, 183, 489),
    "GCG": (106, 163, 1062),
    "GCT": (145, 202, 653),
    "GTA": (117, 598, 165),
    "GTC": (100, 557, 163),
    "GTG": (137, 1190, 250),
    "GTT": (219, 696, 312),
    "TCA": (214, 281, 681),
    "TCC": (140, 207, 561),
    "TCG": (104, 141, 867),
    "TCT": (285, 427, 850),
    "TTA": (408, 718, 243),
    "TTC": (111, 606, 283),
    "TTG": (105, 995, 267),
    "TTT": (333, 956, 447),
}
"""Trinucleotide to the counts of its three substitutions, by the new base in order A, C, G, T."""

HUMAN = ("hg19", "hg38", "GRCh37", "GRCh38")
"""Assemblies whose variants have this spectrum."""


def substitution_weights(human: bool) -> NDArray[np.float64]:
    """Return the share of each substitution, ``(64, 4)``; rows are trinucleotides in base 4.

    A substitution and its reverse complement have half of their common share each. 0 where a base
    would stay.

    Args:
        human: The counted shares, else each substitution has the same.

    >>> weights = substitution_weights(human=True)
    >>> int(weights.sum().round(9)), float(weights[6, 3]) == float(weights[27, 0])  # ACG>T, CGT>A
    (1, True)
    """
    weights = np.zeros((64, 4))
    for trinucleotide, counts in COUNTS.items():
        codes = [BASES.index(letter) for letter in trinucleotide]
        others = [base for base in range(4) if base != codes[1]]
        for base, count in zip(others, counts, strict=True):
            share = count if human else 1
            weights[16 * codes[0] + 4 * codes[1] + codes[2], base] = share
            # A and T, C and G are 3 less each other.
            weights[16 * (3 - codes[2]) + 4 * (3 - codes[1]) + 3 - codes[0], 3 - base] = share
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
