"""Predictions of one region, or of sequences that a caller brings, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.bed import check_intervals
from zooctl.files.intervals.regions import Regions
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.tracks.choose import choose_tracks, tracks_of
from zooctl.inference.tracks.data_frames import to_frame
from zooctl.inference.tracks.genome_grid import plan
from zooctl.inference.tracks.predict import Readout, core_values, predict
from zooctl.inference.tracks.run import readout_of
from zooctl.progress import Progress, no_progress
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N, encode
from zooctl.sequence.windows import Geometry, Integers


def _within(region: str | Interval, contigs: Mapping[str, int]) -> Interval:
    """Return a region string, or an interval, after checking it against a genome's contigs."""
    if isinstance(region, str):
        (interval,) = Regions(None, (region,)).within(contigs)
    else:
        (interval,) = check_intervals([region], contigs)
    return interval


@dataclass(frozen=True, eq=False)
class RegionPrediction:
    """Predicted tracks of one region: every bin of the genome grid that overlaps it.

    Coordinates are 0-based and half-open: bin i holds the bases ``starts[i]`` to
    ``starts[i] + bin_size - 1``. The first and the last bin may reach beyond the region.

    Attributes:
        region: The region.
        tracks: Name of each track.
        starts: First base of each bin, int64 ``(n_bins,)``.
        bin_size: Bases in a bin.
        values: float32 ``(n_tracks, n_bins)``; NaN where a bin has no value.
    """

    region: Interval
    tracks: tuple[str, ...]
    starts: Integers
    bin_size: int
    values: NDArray[np.float32]

    def to_frame(self) -> Any:
        """Return a data frame: ``chrom``, ``start``, ``end`` (0-based, half-open), then tracks.

        Raises:
            InputError: Neither pandas nor polars is installed.
        """
        ends = self.starts + self.bin_size
        chroms = [self.region.chrom] * len(self.starts)
        columns: dict[str, Any] = {"chrom": chroms, "start": self.starts, "end": ends}
        return to_frame(columns | dict(zip(self.tracks, self.values, strict=True)))


class _Row:
    """A sink that keeps the bins of one track."""

    def __init__(self, starts: Integers) -> None:
        self._starts = starts
        self.values = np.full(len(starts), np.nan, dtype=np.float32)

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        first = int(np.searchsorted(self._starts, start))
        self.values[first : first + len(values)] = values


def predict_region(
    model: OpenModel,
    region: str | Interval,
    genome: Genome,
    *,
    tracks: Sequence[str] = (),
    rc: bool = False,
    progress: Progress = no_progress,
) -> RegionPrediction:
    """Predict the bins of the genome grid that overlap a region.

    The values are those that ``zooctl predict`` writes.

    Args:
        model: The model.
        region: Samtools-style string (1-based, inclusive), or interval (0-based, half-open).
        genome: The genome.
        tracks: Names of tracks; empty for all.
        rc: Average over both strands.
        progress: Opens the progress display.

    Raises:
        InputError: No such track, or the region is empty or not in the genome.
        VerificationError: A prediction is not a finite number.
    """
    interval = _within(region, genome.contigs)
    if interval.length < 1:
        raise InputError("the region is empty", got=f"{interval.start:,} to {interval.end:,}")
    card = model.card
    (chosen,) = choose_tracks([card], tracks)
    size = card.bin_size
    first, last = interval.start // size, (interval.end - 1) // size
    starts = np.arange(first, last + 1, dtype=np.int64) * size
    rows = {index: _Row(starts) for index in chosen}
    grid = plan([interval], genome.contigs, card.geometry)
    readout = readout_of(card, rc)
    with progress(grid.n_windows, "windows", card.name) as advance:
        predict(
            grid,
            genome,
            model.session,
            rows,
            readout=readout,
            tiles=model.tiles,
            advance=advance,
        )
    values = np.stack([row.values for row in rows.values()])
    names = tuple(tracks_of(card)[index].name for index in chosen)
    return RegionPrediction(interval, names, starts, size, values)


def predict_windows(
    model: OpenModel, sequences: Sequence[str] | Codes, *, rc: bool = False
) -> NDArray[np.float32]:
    """Predict the whole output of windows, in the unit that the card states.

    Args:
        model: The model.
        sequences: n strings of the input length; or uint8 codes ``(n, input_length)``.
        rc: Average over both strands.

    Returns:
        float32 ``(n, n_tracks, n_bins)``.

    Raises:
        InputError: A sequence has another length.
    """
    codes = as_codes(sequences, model.card.input_length)
    window = model.card.geometry
    # The whole output counts as the core, so that no bin is cut off.
    whole = Geometry(
        window.input_length, window.output_length, window.bin_size, window.output_length
    )
    tracks = range(model.card.n_tracks)
    readout = readout_of(model.card, rc)
    if readout.n_stranded is not None:
        # Sequences that a caller brings are on the transcribed strand.
        readout = Readout(readout.transform)
    return core_values(codes, model.session, whole, list(tracks), readout)


def as_codes(sequences: Sequence[str] | Codes, input_length: int) -> Codes:
    """Return sequences of letters, or codes, as codes ``(n, input_length)`` after checking them.

    Raises:
        InputError: A single string, another length than the model reads, or values that are no
            codes.

    >>> as_codes(["ACGT", "nnac"], 4).tolist()
    [[0, 1, 2, 3], [4, 4, 0, 1]]
    """
    if isinstance(sequences, str):
        raise InputError("predict takes a list of sequences", got="one string", expected="[…]")
    if not isinstance(sequences, np.ndarray):
        for number, text in enumerate(sequences):
            if len(text) != input_length:
                raise _wrong_length(f"sequence {number}", len(text), input_length)
        letters = "".join(sequences).encode("ascii", "replace")
        return encode(letters).reshape(-1, input_length)
    if sequences.ndim != 2 or sequences.dtype != np.uint8:
        raise InputError(
            "the array is not of genome codes",
            got=f"{sequences.dtype} {sequences.shape}",
            expected=f"uint8 (n, {input_length})",
        )
    if sequences.shape[1] != input_length:
        raise _wrong_length("each row", sequences.shape[1], input_length)
    if sequences.size and sequences.max() > N:
        raise InputError("a value is no genome code", got=sequences.max(), expected=f"0 to {N}")
    return sequences


def _wrong_length(name: str, got: int, expected: int) -> InputError:
    return InputError(
        f"{name} has another length than the model reads",
        got=f"{got:,} bp",
        expected=f"{expected:,} bp",
        hint="predict_region cuts windows of the right length from a genome",
    )
