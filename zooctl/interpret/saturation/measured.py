"""Measured effects of an element, as a map beside the predicted one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.effects import Effect, read_effects
from zooctl.inference.genome import Genome
from zooctl.inference.variants.constructs import Constructs, alleles_on_genome, select_snvs
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import BASES


class MeasuredElement:
    """The SNVs of one element of a table of measured effects.

    Args:
        path: The table.
        assembly: Assembly of its positions.
        element: Name of the element; the only one if not given.
        least: Fewest observations of an effect.

    Attributes:
        name: The element.
        effects: All lines of it.
        snvs: Those that replace a base and have enough observations.

    Raises:
        InputError: There is no such element, or none is named of several.
    """

    def __init__(self, path: Path, assembly: str, element: str | None, least: float) -> None:
        effects = read_effects(path, assembly)
        names = list(dict.fromkeys(effect.element for effect in effects))
        if element is None and len(names) > 1:
            raise InputError(
                "the table has several elements", path=path, expected=f"one of {', '.join(names)}"
            )
        self.name = names[0] if element is None else element
        self.effects = [effect for effect in effects if effect.element == self.name]
        if not self.effects:
            raise InputError(
                "the table has no such element",
                path=path,
                got=self.name,
                expected=f"one of {', '.join(names)}",
            )
        self.snvs: list[Effect] = select_snvs(self.effects, least)

    def construct(self) -> tuple[Constructs, Interval, list[Allele]]:
        """Return the element as a genome of its own, all of it, and the SNVs on it."""
        built = Constructs(self.effects)
        whole = Interval(self.name, 0, built.contigs[self.name])
        return built, whole, [built.allele(effect) for effect in self.snvs]

    def on_genome(self, genome: Genome) -> tuple[Interval, list[Allele]]:
        """Return the stretch of a genome that the SNVs span, and the SNVs on it."""
        alleles = alleles_on_genome(self.snvs, genome.contigs)
        starts = [allele.start for allele in alleles]
        return Interval(alleles[0].chrom, min(starts), max(starts) + 1), alleles

    def map(self, alleles: Sequence[Allele], region: Interval) -> NDArray[np.float64]:
        """Return the measured effects within a region, ``(4, length)``; NaN where there is none."""
        found = np.full((len(BASES), region.length), np.nan)
        for allele, effect in zip(alleles, self.snvs, strict=True):
            if allele.chrom == region.chrom and region.start <= allele.start < region.end:
                found[BASES.index(allele.alt), allele.start - region.start] = effect.value
        return found


def pearson(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> tuple[float, int]:
    """Return Pearson's correlation over the cells that both maps have, and their number.

    >>> pearson(np.array([[1.0, 2, np.nan, 3]]), np.array([[2.0, 4, 1, 6]]))
    (1.0, 3)
    """
    both = ~np.isnan(predicted) & ~np.isnan(measured)
    n = int(both.sum())
    if n < 3:
        return float("nan"), n
    return round(float(np.corrcoef(predicted[both], measured[both])[0, 1]), 12), n
