"""The held-out regions of a model: what was measured there and what it predicts, bin by bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import onnx_bytes
from zooctl.evaluation.data.bins import Measured
from zooctl.evaluation.data.data import EvaluationData
from zooctl.evaluation.heldout.observed import Observed, bins_of, margin_of
from zooctl.inference.session import Device, Session
from zooctl.inference.tracks.batches import GridPlan, plan
from zooctl.inference.tracks.predict import Predictor, Readout, core_values, predict
from zooctl.progress import Advance
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry, Integers

Values = NDArray[np.float32]
Labels = NDArray[np.bool_]
Scale = Literal["signal", "log", "logit", "probability"]


@dataclass(frozen=True, eq=False)
class EvaluatedModel:
    """A model as it predicts.

    Attributes:
        name: Of its zoo entry.
        session: Predicts windows.
        geometry: Its window.
        readout: How its outputs become values.
        tracks: Indices of those that are judged.
        scale: What a predicted value is.
    """

    name: str
    session: Predictor
    geometry: Geometry
    readout: Readout
    tracks: tuple[int, ...] = (0,)
    scale: Scale = "signal"

    def plan(self, regions: Sequence[Interval], contigs: Mapping[str, int]) -> GridPlan:
        """Lay regions onto the genome grid of its windows."""
        return plan(regions, contigs, self.geometry)

    def outputs(self, codes: Codes) -> Values:
        """Predict the whole outputs of windows in the signal's unit: ``(n, n_judged, n_bins)``."""
        whole = Geometry(
            self.geometry.input_length,
            self.geometry.output_length,
            self.geometry.bin_size,
            self.geometry.output_length,
        )
        return core_values(codes, self.session, whole, list(self.tracks), self.readout)

    def centre_value(self, codes: Codes, reach: int = 64) -> Values:
        """Predict the mean over the bases within ``reach`` of the centres of windows, ``(n,)``.

        It is that of the first track that is judged.
        """
        middle, bins = self.geometry.n_bins / 2, max(0.5, reach / self.geometry.bin_size)
        near = slice(max(0, int(np.floor(middle - bins))), int(np.ceil(middle + bins)))
        mean: Values = self.outputs(codes)[:, 0, near].mean(axis=1)
        return mean


@dataclass(frozen=True, eq=False)
class HeldoutRegion:
    """One held-out region, in whole bins.

    Attributes:
        chrom: Its contig.
        bin_size: Bases to a bin.
        around: Sequence of the bins, with ``margin`` more on both sides.
        margin: Bins.
        measured: What was measured of each track that is judged.
        others: What was measured in replicates and other cells.
        beside: What was measured of the model's tracks that are not judged.
        predicted: The model's own bins of each track, ``(n_judged, n * bin_size / own bin size)``;
            NaN without a value.
        kept: Bins that are judged, ``(n,)``: known sequence, a prediction for every base, and no
            window that reads beyond the region, where another part of the split may be.
    """

    chrom: str
    bin_size: int
    around: Codes
    margin: int
    measured: tuple[Measured, ...]
    others: tuple[Measured, ...]
    beside: tuple[Measured, ...]
    predicted: Values
    kept: Labels

    @property
    def starts(self) -> Integers:
        """First base of each bin, ``(n,)``."""
        return self.measured[0].starts

    @property
    def codes(self) -> Codes:
        """Sequence of the bins."""
        outside = self.margin * self.bin_size
        inside: Codes = self.around[outside : len(self.around) - outside]
        return inside

    def rows(self, track: int) -> Values:
        """The model's own bins, a row for each bin that is judged, ``(n_kept, per_bin)``."""
        rows: Values = self.predicted[track].reshape(len(self.kept), -1)[self.kept]
        return rows

    def peaks(self, track: int) -> list[tuple[float, int]]:
        """Return height and position of the summit of each run of strong bins."""
        measured = self.measured[track]
        strong = np.flatnonzero(measured.strong & self.kept)
        runs = np.split(strong, np.flatnonzero(np.diff(strong) > 1) + 1) if len(strong) else []
        tops = []
        for run in runs:
            highest = np.flatnonzero(measured.highest[run] == measured.highest[run].max())
            # Of a plateau without a summit, such as labels, the middle.
            flat = len(highest) == len(run)
            tops.append(run[len(run) // 2] if flat else run[highest[0]])
        return [(float(measured.highest[i]), int(measured.summit[i])) for i in tops]

    def tops(self, track: int, n: int) -> list[tuple[float, int]]:
        """Return value and position of the n highest predictions, no two in neighbouring bins."""
        rows = self.predicted[track].reshape(len(self.kept), -1)
        rows = np.where(self.kept[:, None], rows, -np.inf)
        highest = rows.max(axis=1)
        around = np.pad(highest, 1, constant_values=-np.inf)
        local = (highest > -np.inf) & (highest >= around[2:]) & (highest > around[:-2])
        order = np.flatnonzero(local)[np.argsort(-highest[local], kind="stable")][:n]
        fine = self.bin_size // rows.shape[1]
        places = self.starts[order] + rows[order].argmax(axis=1) * fine + fine // 2
        return list(zip(highest[order].tolist(), places.tolist(), strict=True))


def open_network(
    entry: Entry, tracks: Sequence[int], device: Device, threads: int | None = None
) -> EvaluatedModel:
    """Return a model of the zoo, ready to predict.

    Args:
        entry: The model.
        tracks: Indices of the tracks that are judged.
        device: Where to run it.
        threads: CPU threads; default is every core.
    """
    card = entry.card()
    session = Session(
        onnx_bytes(entry),
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device=device,
        threads=threads,
    )
    readout = Readout(card.output_transform)
    return EvaluatedModel(
        entry.name, session, card.geometry, readout, tuple(tracks), card.output_scale
    )


class _Bins:
    """A sink that keeps the bins of a part of a contig in memory."""

    def __init__(self, first_base: int, values: Values) -> None:
        self.first_base = first_base
        self.values = values

    def add_bins(self, chrom: str, start: int, values: Values, bin_size: int) -> None:
        place = (start - self.first_base) // bin_size
        values = values[max(0, -place) :]
        room = self.values[max(0, place) :][: len(values)]
        room[:] = values[: len(room)]


def hold_out(
    observed: Observed,
    network: EvaluatedModel,
    material: EvaluationData,
    rules: Rules,
    advance: Advance,
) -> HeldoutRegion:
    """Predict one held-out region.

    Args:
        observed: The region.
        network: The model.
        material: Its sequence.
        rules: What counts as a bin.
        advance: Called with the number of windows done.
    """
    region, size, fine = observed.region, rules.bin_size, network.geometry.bin_size
    contigs = material.genome.contigs
    interval = region.interval(contigs[region.chrom])
    bins = bins_of(region, material, rules)
    predicted = np.full((len(network.tracks), len(bins) * size // fine), np.nan, np.float32)
    predict(
        network.plan([interval], contigs),
        material.genome,
        network.session,
        {
            track: _Bins(bins.start * size, row)
            for track, row in zip(network.tracks, predicted, strict=True)
        },
        readout=network.readout,
        advance=advance,
    )
    kept = observed.known & ~np.isnan(predicted[0]).reshape(len(bins), -1).any(axis=1)
    kept &= _read_inside(bins, size, interval, network.geometry, contigs[region.chrom])
    return HeldoutRegion(
        region.chrom,
        size,
        observed.around,
        margin_of(rules),
        observed.measured,
        observed.others,
        observed.beside,
        predicted,
        kept,
    )


def _read_inside(
    bins: range, size: int, interval: Interval, geometry: Geometry, contig_length: int
) -> Labels:
    """Say which bins are predicted by windows that read nothing beyond a region, ``(n,)``.

    Beyond the ends of a contig is nothing to be read.
    """
    core, flank = geometry.core_length, geometry.input_flank
    starts = np.arange(bins.start, bins.stop, dtype=np.int64) * size
    lows = starts // core * core - flank
    highs = -(-(starts + size) // core) * core + flank
    before = (lows >= interval.start) | (interval.start == 0)
    inside: Labels = before & ((highs <= interval.end) | (interval.end == contig_length))
    return inside
