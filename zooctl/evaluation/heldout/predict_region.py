"""Predictions of a held-out region beside its measurements, and the bins that are evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.measure_region import MeasuredRegion, bins_of
from zooctl.evaluation.heldout.model import EvaluatedModel, Values
from zooctl.inference.tracks.predict import predict
from zooctl.progress import Advance
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry

Labels = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeldoutRegion:
    """Measurement and prediction of one held-out region, in whole bins.

    Attributes:
        measured: Its measurements.
        predicted: The model's own bins of each evaluated track,
            ``(n_tracks, n * bin_size / own bin size)``; NaN without a value.
        kept: Bins that are evaluated, ``(n,)``: known sequence, a prediction for every base, and
            no window that reads beyond the region, where another part of the split may be.
        bin_size: Bases per bin.
    """

    measured: MeasuredRegion
    predicted: Values
    kept: Labels
    bin_size: int

    @property
    def chrom(self) -> str:
        """Its contig."""
        return self.measured.region.chrom

    def rows(self, track: int) -> Values:
        """Return the model's own bins, a row per evaluated bin, ``(n_kept, per_bin)``."""
        rows: Values = self.predicted[track].reshape(len(self.kept), -1)[self.kept]
        return rows

    def peaks(self, track: int) -> list[tuple[float, int]]:
        """Return height and position of the summit of each run of positive bins."""
        measured = self.measured.tracks[track]
        positive = np.flatnonzero(measured.positive & self.kept)
        ends = np.flatnonzero(np.diff(positive) > 1) + 1
        runs = np.split(positive, ends) if len(positive) else []
        summits = []
        for run in runs:
            highest = np.flatnonzero(measured.highest[run] == measured.highest[run].max())
            # A plateau without a summit, such as labels, counts at its middle.
            flat = len(highest) == len(run)
            summits.append(run[len(run) // 2] if flat else run[highest[0]])
        return [(float(measured.highest[i]), int(measured.summit[i])) for i in summits]

    def top_predictions(self, track: int, n: int) -> list[tuple[float, int]]:
        """Return value and position of the n highest predictions, no two in neighbouring bins."""
        rows = self.predicted[track].reshape(len(self.kept), -1)
        rows = np.where(self.kept[:, None], rows, -np.inf)
        highest = rows.max(axis=1)
        padded = np.pad(highest, 1, constant_values=-np.inf)
        local = (highest > -np.inf) & (highest >= padded[2:]) & (highest > padded[:-2])
        order = np.flatnonzero(local)[np.argsort(-highest[local], kind="stable")][:n]
        fine = self.bin_size // rows.shape[1]
        places = self.measured.starts[order] + rows[order].argmax(axis=1) * fine + fine // 2
        return list(zip(highest[order].tolist(), places.tolist(), strict=True))


class _ArraySink:
    """A sink that keeps the bins of a part of a contig in memory."""

    def __init__(self, first_base: int, values: Values) -> None:
        self.first_base = first_base
        self.values = values

    def add_bins(self, chrom: str, start: int, values: Values, bin_size: int) -> None:
        place = (start - self.first_base) // bin_size
        values = values[max(0, -place) :]
        room = self.values[max(0, place) :][: len(values)]
        room[:] = values[: len(room)]


def predict_region(
    measured: MeasuredRegion,
    model: EvaluatedModel,
    data: EvaluationData,
    rules: Rules,
    advance: Advance,
) -> HeldoutRegion:
    """Predict one held-out region.

    Args:
        measured: The region.
        model: The model.
        data: Its genome is read.
        rules: Bin size.
        advance: Called with the number of windows done.
    """
    region, size, fine = measured.region, rules.bin_size, model.geometry.bin_size
    contigs = data.genome.contigs
    interval = region.interval(contigs[region.chrom])
    bins = bins_of(region, data, rules)
    predicted = np.full((len(model.tracks), len(bins) * size // fine), np.nan, np.float32)
    predict(
        model.plan([interval], contigs),
        data.genome,
        model.session,
        {
            track: _ArraySink(bins.start * size, row)
            for track, row in zip(model.tracks, predicted, strict=True)
        },
        readout=model.readout,
        advance=advance,
    )
    kept = measured.known & ~np.isnan(predicted[0]).reshape(len(bins), -1).any(axis=1)
    kept &= _read_inside(bins, size, interval, model.geometry, contigs[region.chrom])
    return HeldoutRegion(measured, predicted, kept, size)


def _read_inside(
    bins: range, size: int, interval: Interval, geometry: Geometry, contig_length: int
) -> Labels:
    """Return which bins are predicted by windows that read nothing beyond a region, ``(n,)``.

    The ends of a contig are no limit, as no sequence lies beyond them.
    """
    core, flank = geometry.core_length, geometry.input_flank
    starts = np.arange(bins.start, bins.stop, dtype=np.int64) * size
    lows = starts // core * core - flank
    highs = -(-(starts + size) // core) * core + flank
    before = (lows >= interval.start) | (interval.start == 0)
    inside: Labels = before & ((highs <= interval.end) | (interval.end == contig_length))
    return inside
