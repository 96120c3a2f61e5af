"""A held-out region before any prediction: its sequence and what was measured there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.baselines.kmers_and_hits import whole_bins
from zooctl.evaluation.data.bins import Measured, measure
from zooctl.evaluation.data.data import EvaluationData, Truth
from zooctl.schema.fields import Region
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import unknown_fraction


def margin_of(rules: Rules) -> int:
    """Return how many bins baselines look at on both sides of a region."""
    return max(1, rules.context_bins // 2)


def bins_of(region: Region, material: EvaluationData, rules: Rules) -> range:
    """Return the whole bins of a region, counted from the contig's start."""
    _, start, end = region.interval(material.genome.contigs[region.chrom])
    first = -(-start // rules.bin_size)
    return range(first, max(first, end // rules.bin_size))


def read_around(region: Region, material: EvaluationData, rules: Rules) -> Codes:
    """Read the bins of a region with the margin on both sides."""
    bins, margin, size = bins_of(region, material, rules), margin_of(rules), rules.bin_size
    first, last = (bins.start - margin) * size, (bins.stop + margin) * size
    return material.genome.padded_codes(region.chrom, first, last)


@dataclass(frozen=True, eq=False)
class Observed:
    """A held-out region before any prediction; arrays are over its bins.

    Attributes:
        region: Of the split.
        around: Sequence of the bins, with ``margin_of`` bins more on both sides.
        known: Which bins have known sequence, ``(n,)``.
        measured: What was measured of each track that is judged.
        others: What was measured in replicates and other cells.
        beside: What was measured of the model's tracks that are not judged.
    """

    region: Region
    around: Codes
    known: NDArray[np.bool_]
    measured: tuple[Measured, ...]
    others: tuple[Measured, ...]
    beside: tuple[Measured, ...]


def observe(
    region: Region, around: Codes, material: EvaluationData, rules: Rules, fine_size: int
) -> Observed:
    """Return what was measured of one held-out region.

    Args:
        region: Of the split.
        around: What ``read_around`` gives.
        material: What was measured.
        rules: What counts as a bin.
        fine_size: Bases to a bin of the model.

    Raises:
        InputError: The model's bins do not divide those of the rules.
    """
    size = rules.bin_size
    if size % fine_size:
        raise InputError(
            "bins of the evaluation are not whole bins of the model",
            got=f"{size:,} bp",
            expected=f"a multiple of {fine_size:,} bp",
            hint="--data of an entry with such bins, or --against without a recipe",
        )
    bins, margin = bins_of(region, material, rules), margin_of(rules)
    controls = [control[region.chrom] for control in material.controls]

    def measured(truths: Sequence[Truth]) -> tuple[Measured, ...]:
        return tuple(
            measure(truth.signal[region.chrom], truth.binning, controls, bins, rules, fine_size)
            for truth in truths
        )

    codes = whole_bins(around, size)[margin : margin + len(bins)]
    known = unknown_fraction(codes) <= rules.max_unknown
    beside = [truth for _, truth in material.beside]
    return Observed(
        region,
        around,
        known,
        *(measured(truths) for truths in (material.truths, material.others, beside)),
    )
