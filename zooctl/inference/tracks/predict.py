"""Prediction of tracks on the genome grid: each bin is passed on once, in the genome's order.

A value depends on the genome, the model, the batch size and the number of threads, never on
the way regions are cut: windows lie on the genome grid, and batches have one fixed shape.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.inference.device.session import Predictions
from zooctl.inference.device.threaded import in_background, side_by_side
from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.genome import Genome
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.inference.tracks.genome_grid import GridPlan, WindowBatch, read_batches
from zooctl.inference.tracks.tiles import TileBatch, n_tiles, read_tiles, tile_values
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

    @property
    def at_once(self) -> int:
        """Batches to predict side by side."""
        ...

    def predict(self, codes: Codes) -> Predictions:
        """Return ``(n, n_tracks, n_bins)`` for codes ``(n, input_length)``."""
        ...

    def interrupt(self) -> None:
        """Have a prediction that runs in another thread end with an error at once."""
        ...


class Batch(Protocol):
    """Windows whose cores are predicted; ``genome_grid.WindowBatch`` is one."""

    @property
    def codes(self) -> Codes:
        """Their codes, ``(n, input_length)``."""
        ...

    @property
    def parts(self) -> tuple[tuple[str, Integers], ...]:
        """Contig and its grid windows, in the order of the predictions."""
        ...

    @property
    def skipped(self) -> int:
        """Windows passed over since the last batch."""
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
        n_stranded: Tracks of a network of the transcribed strand, which has them on each strand:
            those of the other strand stand behind those of the given one, and nothing is averaged.
            None for any other network.
    """

    transform: Transform = "none"
    rc_order: tuple[int, ...] | None = None
    n_stranded: int | None = None

    def of_network(self, tracks: Sequence[int]) -> list[int]:
        """Return the network's track of each track.

        >>> Readout(n_stranded=2).of_network([0, 1, 2, 3])
        [0, 1, 0, 1]
        """
        return [track % self.n_stranded if self.n_stranded else track for track in tracks]


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
    tiles: SharedWindows | None = None,
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
        tiles: The network on tiles (``tiles.open_tiles``), which then predicts in place of
            ``session``.
        advance: Called with the number of windows done since the last call.

    Raises:
        InputError: Both strands of a network that reads more than the sequence.
        VerificationError: A prediction is not a finite number; the message names the window.
    """
    if readout.rc_order is not None and isinstance(session, SeveralInputs):
        what = "a model that reads more than the sequence predicts the given strand alone"
        raise InputError(what, field="--rc")
    windows = unknown = 0
    tracks = sorted(sinks)
    work = lay_work(plan, genome, session, tracks, readout, tiles)
    done = in_background(_infer(work), work.interrupt)
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


@dataclass(frozen=True)
class Work:
    """A prediction in batches, of windows or of tiles.

    Attributes:
        batches: Reads them, in the genome's order.
        n_batches: Their number, those without a value included.
        run: Returns the values of a batch, ``(n, tracks, core_bins)``.
        interrupt: Has ``run`` in another thread end with an error at once.
        at_once: Batches to run side by side, each on threads of its own.
    """

    batches: Generator[Batch]
    n_batches: int
    run: Callable[[Any], NDArray[np.float32]]
    interrupt: Callable[[], None]
    at_once: int = 1


def _placed(session: Predictor, batch: WindowBatch) -> Predictor:
    """Return the network at the windows of a batch, whose other inputs are measured there."""
    return session.at(batch.parts) if isinstance(session, SeveralInputs) else session


def lay_work(
    plan: GridPlan,
    genome: Genome,
    session: Predictor,
    tracks: Sequence[int],
    readout: Readout,
    tiles: SharedWindows | None = None,
) -> Work:
    """Lay out a prediction (arguments as of ``predict``)."""

    def run_windows(batch: WindowBatch) -> NDArray[np.float32]:
        return core_values(batch.codes, _placed(session, batch), plan.geometry, tracks, readout)

    def run_tiles(batch: TileBatch) -> NDArray[np.float32]:
        assert tiles is not None
        own = readout.of_network(tracks)
        values, other = tile_values(batch, tiles, own, readout.rc_order)
        return _read_out(values, other, readout, tracks)

    if tiles is None:
        size = session.batch_size
        windows = read_batches(plan, genome, size)
        n_batches = -(-plan.n_windows // size)
        return Work(windows, n_batches, run_windows, session.interrupt, session.at_once)
    n_batches = -(-n_tiles(plan, tiles) // tiles.n_sequences)
    batches = read_tiles(plan, genome, tiles)
    return Work(batches, n_batches, run_tiles, tiles.interrupt, tiles.at_once)


def _infer(work: Work) -> Generator[tuple[Batch, NDArray[np.float32]]]:
    with contextlib.closing(in_background(work.batches)) as batches:
        yield from side_by_side(work.run, batches, work.at_once)


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
    own = readout.of_network(tracks)
    values = session.predict(codes)[:, own, kept]
    if readout.rc_order is None:
        return _read_out(values, None, readout, tracks)
    swapped = [readout.rc_order[track] for track in own]
    other = session.predict(reverse_complement(codes))[:, swapped, ::-1][..., kept]
    return _read_out(values, other, readout, tracks)


def _read_out(
    values: Predictions, other: Predictions | None, readout: Readout, tracks: Sequence[int]
) -> NDArray[np.float32]:
    """Undo the transform; with the other strand's predictions, average over both, or choose."""
    given = untransform(values, readout.transform)
    if other is None:
        return given
    if readout.n_stranded is not None:
        on_other = np.array([track >= readout.n_stranded for track in tracks])
        return np.where(on_other[:, None], untransform(other, readout.transform), given)
    mean: NDArray[np.float32] = (given + untransform(other, readout.transform)) * np.float32(0.5)
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


def _check_finite(values: NDArray[np.float32], batch: Batch, geometry: Geometry) -> None:
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


def _emit(values: NDArray[np.float32], batch: Batch, plan: GridPlan, sinks: Sequence[Sink]) -> None:
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
