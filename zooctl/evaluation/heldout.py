"""The held-out regions of a model: what was measured there and what it predicts, bin by bin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.fields import Region
from zooctl.catalog.registry import Entry
from zooctl.catalog.rules import Rules
from zooctl.errors import InputError
from zooctl.evaluation.measured import Measured, measure
from zooctl.files.bigwig import BigWig
from zooctl.files.fasta import Fasta
from zooctl.inference.batches import Plan, plan
from zooctl.inference.predict import Predictor, Readout, core_values, predict
from zooctl.inference.runtime import Device, Session
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry

Values = NDArray[np.float32]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Network:
    """A model as it predicts.

    Attributes:
        name: Of its zoo entry.
        session: Predicts windows.
        geometry: Its window.
        readout: How its outputs become values.
        track: The one that is judged.
    """

    name: str
    session: Predictor
    geometry: Geometry
    readout: Readout
    track: int

    def plan(self, regions: Sequence[Interval], contigs: Mapping[str, int]) -> Plan:
        """Lay regions onto the genome grid of its windows."""
        return plan(regions, contigs, self.geometry)

    def outputs(self, codes: Codes) -> Values:
        """Predict the whole outputs of windows in the signal's unit: ``(n, 1, n_bins)``."""
        whole = Geometry(
            self.geometry.input_length,
            self.geometry.output_length,
            self.geometry.bin_size,
            self.geometry.output_length,
        )
        return core_values(codes, self.session, whole, [self.track], self.readout)

    def centre_value(self, codes: Codes, reach: int = 64) -> Values:
        """Predict the mean over the bases within ``reach`` of the centres of windows, ``(n,)``."""
        middle, bins = self.geometry.n_bins / 2, max(0.5, reach / self.geometry.bin_size)
        near = slice(int(np.floor(middle - bins)), int(np.ceil(middle + bins)))
        mean: Values = self.outputs(codes)[:, 0, near].mean(axis=1)
        return mean


@dataclass(frozen=True, eq=False)
class Part:
    """One held-out region.

    Attributes:
        chrom: Its contig.
        codes: Sequence of the contig.
        measured: Bins of the whole contig.
        predicted: The model's own bins, ``(n * bin_size / model bin size,)``; NaN without a value.
        in_region: Bins that lie in the region, ``(n,)``.
        kept: Of these, the ones that are judged: known sequence, and a prediction for every base.
    """

    chrom: str
    codes: Codes
    measured: Measured
    predicted: Values
    in_region: Labels
    kept: Labels

    @property
    def rows(self) -> Values:
        """The model's own bins, a row for each bin that is judged, ``(n_kept, per_bin)``."""
        return self.predicted.reshape(len(self.kept), -1)[self.kept]

    @property
    def fine(self) -> tuple[Values, Values]:
        """Predicted and measured mean of the model's own bins in the bins that are judged."""
        measured = self.measured.fine.reshape(len(self.kept), -1)[self.kept]
        return self.rows.reshape(-1), measured.reshape(-1)

    def peaks(self, rules: Rules) -> list[tuple[float, int]]:
        """Return height and position of the summit of each run of strong bins."""
        strong = np.flatnonzero(self.measured.strong(rules) & self.kept)
        runs = np.split(strong, np.flatnonzero(np.diff(strong) > 1) + 1) if len(strong) else []
        tops = [run[self.measured.highest[run].argmax()] for run in runs]
        return [(float(self.measured.highest[i]), int(self.measured.summit[i])) for i in tops]

    def tops(self, n: int) -> list[tuple[float, int]]:
        """Return value and position of the n highest predictions, no two in neighbouring bins."""
        size = self.measured.bin_size
        rows = np.where(self.kept[:, None], self.predicted.reshape(len(self.kept), -1), -np.inf)
        highest = rows.max(axis=1)
        around = np.pad(highest, 1, constant_values=-np.inf)
        local = (highest > -np.inf) & (highest >= around[2:]) & (highest > around[:-2])
        order = np.flatnonzero(local)[np.argsort(-highest[local], kind="stable")][:n]
        fine = size // rows.shape[1]
        places = order * size + rows[order].argmax(axis=1) * fine + fine // 2
        return list(zip(highest[order].tolist(), places.tolist(), strict=True))


def open_network(entry: Entry, track: int, device: Device, threads: int | None = None) -> Network:
    """Return a model of the zoo, ready to predict.

    Args:
        entry: The model.
        track: Index of the track that is judged.
        device: Where to run it.
        threads: CPU threads; default is every core.
    """
    card = entry.card()
    session = Session(
        entry.onnx_bytes(),
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device=device,
        threads=threads,
    )
    return Network(entry.name, session, card.geometry, Readout(card.output_transform), track)


class _Bins:
    """A sink that keeps a contig's bins in memory."""

    def __init__(self, n: int) -> None:
        self.values = np.full(n, np.nan, dtype=np.float32)

    def add_bins(self, chrom: str, start: int, values: Values, bin_size: int) -> None:
        room = self.values[start // bin_size :][: len(values)]
        room[:] = values[: len(room)]


def interval_of(region: Region, contigs: Mapping[str, int]) -> Interval:
    """Return a region of a split with its ends."""
    return region.interval(contigs[region.chrom])


def check_assembly(genome: Fasta, tracks: Sequence[BigWig], regions: Sequence[Region]) -> None:
    """Refuse contigs that the genome or a track lacks, or on whose length they differ.

    Raises:
        InputError: The first that does not fit.
    """
    for region in regions:
        for track in tracks:
            expected, got = genome.contigs.get(region.chrom), track.contigs.get(region.chrom)
            if expected is None or got != expected:
                raise InputError(
                    f"the track and the genome do not fit on {region.chrom}",
                    path=track.path,
                    got="no such contig" if got is None else f"{got:,} bp",
                    expected=f"{expected:,} bp" if expected else "a contig that the genome has",
                )


def hold_out(
    region: Region,
    network: Network,
    genome: Fasta,
    signal: BigWig,
    controls: Sequence[BigWig],
    rules: Rules,
    advance: Callable[[int], object],
) -> Part:
    """Measure and predict one held-out region.

    Raises:
        InputError: The model's bins do not divide those of the rules.
    """
    size, fine = rules.bin_size, network.geometry.bin_size
    if size % fine:
        raise InputError(
            "bins of the evaluation are not whole bins of the model", got=size, expected=fine
        )
    interval = interval_of(region, genome.contigs)
    codes = genome.codes(region.chrom, 0, genome.contigs[region.chrom])
    measured = measure(region.chrom, codes, signal, controls, size, fine)
    sink = _Bins(len(measured.fine))
    windows = network.plan([interval], genome.contigs)
    predict(
        windows,
        genome,
        network.session,
        {network.track: sink},
        readout=network.readout,
        advance=advance,
    )
    starts = measured.starts
    in_region = (starts >= interval.start) & (starts + size <= interval.end)
    known = ~np.isnan(sink.values).reshape(len(starts), -1).any(axis=1)
    kept = in_region & known & (measured.unknown <= rules.max_unknown)
    return Part(region.chrom, codes, measured, sink.values, in_region, kept)
