"""Measured variants as alleles: on reporter constructs of their own, or on a genome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zooctl.errors import InputError
from zooctl.files.intervals.effects import Effect
from zooctl.sequence.alleles import Allele
from zooctl.sequence.contigs import auto_map
from zooctl.sequence.onehot import BASES, Codes, N, encode
from zooctl.sequence.windows import gather


class Constructs:
    """Reporter constructs, rebuilt from the REF column; they serve ``Scorer`` as a genome.

    A base that no line states is N.

    Args:
        effects: All lines of the table, also those that are not evaluated.

    Attributes:
        contigs: Length of each element.

    Raises:
        InputError: Two lines state different bases, or an element lies on two contigs.
    """

    def __init__(self, effects: Sequence[Effect]) -> None:
        self.contigs: dict[str, int] = {}
        self._codes: dict[str, Codes] = {}
        self._first: dict[str, int] = {}
        for element, lines in _by_element(effects).items():
            first = min(line.start for line in lines)
            codes = np.full(max(line.start + len(line.ref) for line in lines) - first, N, np.uint8)
            for line in lines:
                at = line.start - first
                stated, known = encode(line.ref.encode()), codes[at : at + len(line.ref)]
                if line.chrom != lines[0].chrom or ((known != N) & (known != stated)).any():
                    raise InputError(
                        f"lines of {element} disagree in the reference sequence",
                        got=f"{line.ref} at {line.chrom}:{line.start + 1}",
                        hint="name what was measured as one in a column `element`",
                    )
                known[:] = stated
            self.contigs[element], self._codes[element] = len(codes), codes
            self._first[element] = first

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of ``[start, end)`` of an element, N outside of it."""
        codes: Codes = gather(self._codes[chrom], np.array([start]), end - start)[0]
        return codes

    def allele(self, effect: Effect) -> Allele:
        """Return the allele of a line, on its element."""
        start = effect.start - self._first[effect.element]
        return Allele(effect.element, start, effect.ref, effect.alt)


def alleles_on_genome(effects: Sequence[Effect], contigs: Mapping[str, int]) -> list[Allele]:
    """Return the allele of each line, with contig names as in the genome."""
    names = auto_map({effect.chrom for effect in effects}, contigs)
    return [
        Allele(names.get(effect.chrom, effect.chrom), effect.start, effect.ref, effect.alt)
        for effect in effects
    ]


def _by_element(effects: Sequence[Effect]) -> dict[str, list[Effect]]:
    found: dict[str, list[Effect]] = {}
    for effect in effects:
        found.setdefault(effect.element, []).append(effect)
    return found


def select_snvs(effects: Sequence[Effect], least: float) -> list[Effect]:
    """Return the lines that replace one base by another and have enough observations.

    Args:
        effects: Lines of the table.
        least: Fewest observations; lines without a number of them are kept.
    """
    return [
        effect
        for effect in effects
        if effect.ref in BASES
        and effect.alt in BASES
        and len(effect.ref) == len(effect.alt) == 1
        and (effect.n is None or effect.n >= least)
    ]
