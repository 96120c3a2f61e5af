"""Pairs of short sequences that differ in one base, read within a stretch that all share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.effects import Effect
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import Codes, decode
from zooctl.sequence.windows import gather

# A little more of A and T than of C and G, as in the human genome.
_SHARES = (0.295, 0.205, 0.205, 0.295)
_SEED = 0


class Pairs:
    """Pairs of sequences, each in the middle of one stretch of bases drawn by a fixed seed.

    They serve ``Scorer`` as a genome with a contig for each pair, which holds the second sequence.
    Networks read more than these sequences, and flanks of unknown bases would leave most of their
    windows without a value.

    Args:
        first: FASTA with the sequences whose effect is positive, such as the bound alleles.
        second: FASTA with the others, under the same names.
        flank: Drawn bases on each side.

    Attributes:
        contigs: Length of each pair's sequence with its flanks.
        effects: One for each pair, from the second sequence to the first, with the value 1.

    Raises:
        InputError: The files have other names or lengths, or a pair does not differ in one base.
    """

    def __init__(self, first: Path, second: Path, flank: int) -> None:
        rng = np.random.default_rng(_SEED)
        left, right = (rng.choice(4, flank, p=_SHARES).astype(np.uint8) for _ in range(2))
        self._codes: dict[str, Codes] = {}
        found = []
        with Fasta(first) as bound, Fasta(second) as other:
            if dict(bound.contigs) != dict(other.contigs):
                raise InputError("sequences of the two files are no pairs", path=second)
            for name, length in bound.contigs.items():
                alt, ref = (one.padded_codes(name, 0, length) for one in (bound, other))
                places = np.flatnonzero(alt != ref)
                if len(places) != 1:
                    got = f"{len(places)} bases"
                    raise InputError(f"pair {name} does not differ in one base", got=got)
                (place,) = places.tolist()
                self._codes[name] = np.concatenate((left, ref, right))
                old, new = (decode(one[place : place + 1]) for one in (ref, alt))
                found.append(Effect("pairs", name, flank + place, old, new, 1.0, None))
        self.effects = tuple(found)

    @property
    def contigs(self) -> Mapping[str, int]:
        """Length of each contig in bp."""
        return {name: len(codes) for name, codes in self._codes.items()}

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of ``[start, end)`` of a pair, N outside of it."""
        codes: Codes = gather(self._codes[chrom], np.array([start]), end - start)[0]
        return codes

    def alleles(self) -> list[Allele]:
        """Return the alleles of the effects."""
        return [Allele(one.chrom, one.start, one.ref, one.alt) for one in self.effects]
