"""Prediction of tracks on the genome grid: each bin is passed on once, in the genome's order.

A value depends on the genome, the model, the batch size and the number of threads, never on
the way regions are cut: windows lie on the genome grid, and batches have one fixed shape.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import VerificationError
from zooctl.inference.genome import Genome
from zooctl.inference.session import Predictions
from zooctl.inference.tracks.genome_grid import (
    GridPlan,
    WindowBatch,
    in_background,
    read_batches,
)
from zooctl.progress import Advance, no_advance
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, reverse_complement
from zooctl.sequence.windows import Geometry, Integers, mostly_unknown_bins

Transform = Literal["none", "arcsinh", "log1p"]


class Predictor(Protocol):
    """A network that predicts windows; ``session.Session`` is one."""

    @property
    def batch_size(self) -> int:
        """Windows to a batch."""
        ...

    def predict(self, codes: Codes) -> Predictions:
        """Return ``(n, n_tracks, n_bins)`` for codes ``(n, input_length)``."""
        ...

    def interrupt(self) -> None:
        """Have a prediction that runs in another thread end with an error at once."""
        ...


class Sink(Protocol):
    """A receiver of the bins of one track; ``files.bigwig.writer.BigWigWriter`` is one."""

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        """Take bins from base ``start`` on (0-based); a NaN is a bin without a value."""
        ...


@dataclass(frozen=True)
class Readout:
    """The way from a network's output to the values of tracks.

    Attributes:
        transform: Transform of the training target, which is undone.
        rc_order: For an average over both strands, the index of the track that each track becomes
            under reverse complement; None for the given strand alone.
    """

    transform: Transform = "none"
    rc_order: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Counts:
    """Windows that a prediction took.

    Attributes:
        windows: Windows of the plan.
        unknown: Those of them without a value, because over half their bases are N.
    """

    windows: int
    unknown: int


def predict(
    plan: GridPlan,
    genome: Genome,
    session: Predictor,
    sinks: Mapping[int, Sink],
    *,
    readout: Readout,
    advance: Advance = no_advance,
) -> Counts:
    """Predict the bins of a plan, and pass each to its track's sink once, in the genome's order.

    Memory does not grow with the plan. Reading, the network and the sinks run beside each other.
    Bins of more than half N have no value, whatever the network says of them.

    Args:
        plan: Regions on the genome grid.
        genome: The genome.
        session: The network.
        sinks: Index of a track to the receiver of its bins; other tracks are dropped.
        readout: Transform and strands.
        advance: Called with the number of windows done since the last call.

    Raises:
        VerificationError: A prediction is not a finite number; the message names the window.
    """
    windows = unknown = 0
    tracks = sorted(sinks)
    done = in_background(_infer(plan, genome, session, tracks, readout), session.interrupt)
    # The calling thread only waits and passes on, so that a signal is heard at any time.
    with contextlib.closing(done):
        for batch, values in done:
            _check_finite(values, batch, plan.geometry)
            known = leave_out_unknown(values, batch.codes, plan.geometry)
            _emit(known, batch, plan, [sinks[track] for track in tracks])
            n = len(batch.codes) + batch.skipped
            windows += n
            unknown += batch.skipped
            advance(n)
    return Counts(windows, unknown)


def _infer(
    plan: GridPlan, genome: Genome, session: Predictor, tracks: Sequence[int], readout: Readout
) -> Generator[tuple[WindowBatch, NDArray[np.float32]]]:
    with contextlib.closing(
        in_background(read_batches(plan, genome, session.batch_size))
    ) as batches:
        for batch in batches:
            yield batch, core_values(batch.codes, session, plan.geometry, tracks, readout)


def batch_seconds(
    plan: GridPlan,
    genome: Genome,
    session: Predictor,
    tracks: Sequence[int],
    readout: Readout,
    *,
    n_batches: int = 3,
) -> float:
    """Return the seconds that one batch takes: the mean over a few, after one that warms up.

    0 where no window of the plan has a value.
    """
    codes = [np.empty((0, plan.geometry.input_length), dtype=np.uint8)]
    for batch in read_batches(plan, genome, session.batch_size):
        if len(batch.codes):
            codes.append(batch.codes)
        if len(codes) > n_batches:
            break
    core_values(codes[-1], session, plan.geometry, tracks, readout)
    start = time.perf_counter()
    for some in codes[1:]:
        core_values(some, session, plan.geometry, tracks, readout)
    return (time.perf_counter() - start) / max(1, len(codes) - 1) if len(codes) > 1 else 0.0


def core_values(
    codes: Codes,
    session: Predictor,
    geometry: Geometry,
    tracks: Sequence[int],
    readout: Readout,
) -> NDArray[np.float32]:
    """Return the values of the cores of windows: ``(n, input_length)`` to ``(n, t, core_bins)``.

    Args:
        codes: Codes of the windows.
        session: The network.
        geometry: Its window.
        tracks: Indices of t of its tracks.
        readout: Transform and strands.
    """
    kept = slice(geometry.core_bin_offset, geometry.core_bin_offset + geometry.core_bins)
    values = untransform(session.predict(codes)[:, tracks, kept], readout.transform)
    if readout.rc_order is None:
        return values
    swapped = [readout.rc_order[track] for track in tracks]
    other = session.predict(reverse_complement(codes))[:, swapped, ::-1][..., kept]
    mean: NDArray[np.float32] = (values + untransform(other, readout.transform)) * np.float32(0.5)
    return mean


def leave_out_unknown(
    values: NDArray[np.float32], codes: Codes, geometry: Geometry
) -> NDArray[np.float32]:
    """Return the values of the cores of windows with NaN in bins of more than half N.

    Args:
        values: As ``core_values`` returns them, ``(n, t, core_bins)``.
        codes: Codes of the windows.
        geometry: The network's window.
    """
    unknown = mostly_unknown_bins(codes, geometry)[:, None]
    return np.where(unknown, np.float32(np.nan), values) if unknown.any() else values


def untransform(values: Predictions, transform: Transform) -> NDArray[np.float32]:
    """Undo a transform of the training target.

    It is computed in double precision and rounded once, so that it adds no error of its own.

    >>> untransform(np.arcsinh(np.array([0, 2], np.float32)), "arcsinh").tolist()
    [0.0, 2.0]
    """
    if transform == "none":
        return values
    inverse = np.sinh if transform == "arcsinh" else np.expm1
    # An overflow becomes infinite, and is reported with its window.
    with np.errstate(over="ignore"):
        result: NDArray[np.float32] = inverse(values.astype(np.float64)).astype(np.float32)
    return result


def _check_finite(values: NDArray[np.float32], batch: WindowBatch, geometry: Geometry) -> None:
    """Refuse NaN and infinite predictions; they would be lost as bins without a value."""
    if np.isfinite(values).all():
        return
    row = int(np.flatnonzero(~np.isfinite(values).all(axis=(1, 2)))[0])
    places = [(chrom, window) for chrom, windows in batch.parts for window in windows.tolist()]
    chrom, window = places[row]
    start = window * geometry.core_length
    where = Interval(chrom, start, start + geometry.core_length)
    got = values[row][~np.isfinite(values[row])][0]
    raise VerificationError(f"prediction for window {where} is not a finite number", got=got)


def _emit(
    values: NDArray[np.float32], batch: WindowBatch, plan: GridPlan, sinks: Sequence[Sink]
) -> None:
    """Pass on the bins of a batch that overlap a region, in runs of neighbouring windows."""
    geometry = plan.geometry
    row = 0
    for chrom, windows in batch.parts:
        for run in np.split(windows, np.flatnonzero(np.diff(windows) > 1) + 1):
            start = int(run[0]) * geometry.core_length
            # (windows, tracks, bins) to (tracks, windows * bins).
            tracks = np.swapaxes(values[row : row + len(run)], 0, 1).reshape(len(sinks), -1)
            row += len(run)
            bin_starts: Integers = start + geometry.bin_size * np.arange(
                tracks.shape[1], dtype=np.int64
            )
            _pass_on(chrom, bin_starts, tracks, plan, sinks)


def _pass_on(
    chrom: str,
    bin_starts: Integers,
    tracks: NDArray[np.float32],
    plan: GridPlan,
    sinks: Sequence[Sink],
) -> None:
    overlapping = plan.overlapping(chrom, bin_starts)
    if not overlapping.any():
        return
    first, last = np.flatnonzero(overlapping)[[0, -1]]
    shown = slice(int(first), int(last) + 1)
    kept = np.where(overlapping[shown], tracks[:, shown], np.float32(np.nan))
    for sink, track in zip(sinks, kept, strict=True):
        sink.add_bins(chrom, int(bin_starts[first]), track, plan.geometry.bin_size)
