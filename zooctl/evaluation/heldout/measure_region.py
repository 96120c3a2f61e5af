"""Measured bins and sequence of a held-out region, before any prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.baselines.kmer_counts import whole_bins
from zooctl.evaluation.data.evaluation_data import EvaluationData, MeasuredTrack
from zooctl.evaluation.data.measured_bins import MeasuredBins, bins_inside, measure_bins
from zooctl.files.bigwig.reader import BigWig
from zooctl.schema.fields import Region
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.bins import bin_mean
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Integers, unknown_fraction


def margin_of(rules: Rules) -> int:
    """Return the number of bins that baselines read on each side of a region."""
    return max(1, rules.context_bins // 2)


def bins_of(region: Region, data: EvaluationData, rules: Rules) -> range:
    """Return the whole bins of a region, counted from the contig's start."""
    return bins_inside(region, data.genome.contigs, rules.bin_size)


def read_padded(region: Region, data: EvaluationData, rules: Rules) -> Codes:
    """Read the sequence of a region's bins with ``margin_of`` bins more on each side."""
    bins, margin, size = bins_of(region, data, rules), margin_of(rules), rules.bin_size
    first, last = (bins.start - margin) * size, (bins.stop + margin) * size
    return data.genome.padded_codes(region.chrom, first, last)


def open_bins(
    path: Path, region: Region, data: EvaluationData, rules: Rules
) -> NDArray[np.float32]:
    """Return the mean accessibility of a region's bins, ``(n,)``; bases without an entry are 0.

    Raises:
        InputError: The bigWig lacks the contig.
    """
    bins, size = bins_of(region, data, rules), rules.bin_size
    with BigWig(path) as track:
        if region.chrom not in track.contigs:
            raise InputError("the track has no such contig", path=path, got=region.chrom)
        end = min(bins.stop * size, track.contigs[region.chrom])
        values = np.zeros(len(bins) * size, np.float32)
        found = np.nan_to_num(track.values(region.chrom, bins.start * size, end), nan=0.0)
    values[: len(found)] = found
    return bin_mean(values, size)


@dataclass(frozen=True, eq=False)
class MeasuredRegion:
    """Measured bins of one held-out region; arrays are over its whole bins.

    Attributes:
        region: The region, as the split states it.
        known: Bins whose sequence is known and that are not excluded, ``(n,)``.
        tracks: Measurement of each evaluated track.
        replicates: Measurements of replicates and of other cells.
        other_tracks: Measurements of the model's tracks that are not evaluated.
    """

    region: Region
    known: NDArray[np.bool_]
    tracks: tuple[MeasuredBins, ...]
    replicates: tuple[MeasuredBins, ...]
    other_tracks: tuple[MeasuredBins, ...]

    @property
    def starts(self) -> Integers:
        """First base of each bin, 0-based, ``(n,)``."""
        return self.tracks[0].starts


def measure_region(
    region: Region, padded: Codes, data: EvaluationData, rules: Rules, fine_size: int
) -> MeasuredRegion:
    """Measure the bins of one held-out region.

    Args:
        region: A region of the split.
        padded: Its sequence, as ``read_padded`` returns it.
        data: The measurements.
        rules: Bin size, and limit of unknown bases.
        fine_size: Bin size of the model in bp.

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
    bins, margin = bins_of(region, data, rules), margin_of(rules)
    controls = [control[region.chrom] for control in data.controls]

    def measured(tracks: Sequence[MeasuredTrack]) -> tuple[MeasuredBins, ...]:
        return tuple(
            measure_bins(
                track.signal[region.chrom], track.binning, controls, bins, rules, fine_size
            )
            for track in tracks
        )

    codes = whole_bins(padded, size)[margin : margin + len(bins)]
    known = unknown_fraction(codes) <= rules.max_unknown
    known &= data.exclusion.allows(region.chrom, bins, size)
    others = [measurement for _, measurement in data.other_tracks]
    return MeasuredRegion(
        region, known, measured(data.measured), measured(data.replicates), measured(others)
    )
