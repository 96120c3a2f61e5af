"""What an audit reads: recipe and card, the files behind them, and windows as training takes them.

Each split is laid out in the same way, as windows side by side, so that like is compared to like;
what training draws from its part is kept beside that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.card import Card
from zooctl.catalog.per_base import Files
from zooctl.catalog.recipe import Recipe
from zooctl.errors import InputError
from zooctl.sequence.intervals import Interval, merge
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import Integers, gather, grid_windows
from zooctl.training.dataset import Dataset
from zooctl.training.sampling import Chunks, blocks, tile, usable
from zooctl.training.selection import Windows, split_regions

PARTS = ("train", "validation", "test")

Values = NDArray[np.float32]
# Merged starts and ends of genes by contig.
GeneMap = Mapping[str, tuple[Integers, Integers]]
# Values cut out at a time.
_BLOCK = 1 << 23
Stage = Callable[[float | None, str, str], AbstractContextManager[Callable[[float], None]]]


@contextmanager
def silent(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
    """A progress display that shows nothing."""
    yield lambda done: None


@dataclass(frozen=True, eq=False)
class Data:
    """The recipe's data, laid out by split.

    Attributes:
        recipe: Names them.
        dataset: Sequence and signals.
        windows: What training chooses.
    """

    recipe: Recipe
    dataset: Dataset
    windows: Windows

    @cached_property
    def parts(self) -> dict[str, Chunks]:
        """Windows side by side over each split; more than half N is left out, as in prediction."""
        length = self.dataset.geometry.core_length
        regions = {
            part: split_regions(getattr(self.recipe.split, part), self.dataset) for part in PARTS
        }
        tiles = {
            "train": tile(self.dataset, regions["train"], length),
            "validation": tile(self.dataset, regions["validation"], length),
            "test": self._predicted(),
        }
        return {
            part: chunks.take(usable(self.dataset, chunks, np.nextafter(0.5, 0), None))
            for part, chunks in tiles.items()
        }

    def _predicted(self) -> Chunks:
        """The windows of the genome grid over the test regions, as evaluation predicts them."""
        geometry = self.dataset.geometry
        regions = split_regions(self.recipe.split.test, self.dataset)
        chroms = tuple(dict.fromkeys(region.chrom for region in regions))
        index, starts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number, chrom in enumerate(chroms):
            cores = geometry.core_starts(grid_windows(*_ends(regions, chrom), geometry.core_length))
            inside = (cores >= geometry.input_flank) & (
                cores - geometry.input_flank + geometry.input_length
                <= len(self.dataset.codes[chrom])
            )
            starts.append(cores[inside])
            index.append(np.full(int(inside.sum()), number, dtype=np.int64))
        return Chunks(chroms, np.concatenate(index), np.concatenate(starts))

    @cached_property
    def means(self) -> dict[str, Values]:
        """Mean signal of each track over the core of each window, ``(n_tracks, n)``."""
        return {part: stats[0] for part, stats in self._stats.items()}

    @cached_property
    def highest(self) -> dict[str, Values]:
        """Signal of each track at the highest base of each core, ``(n_tracks, n)``."""
        return {part: stats[1] for part, stats in self._stats.items()}

    @cached_property
    def _stats(self) -> dict[str, tuple[Values, Values]]:
        return {part: self.core_stats(chunks) for part, chunks in self.parts.items()}

    def core_stats(self, chunks: Chunks) -> tuple[Values, Values]:
        """Return mean and highest known signal of each track over cores, both ``(n_tracks, n)``."""
        length = self.dataset.geometry.core_length
        mean, highest = np.zeros((2, len(self.recipe.targets), len(chunks)), np.float32)
        size = max(1, _BLOCK // (length * len(self.recipe.targets)))
        for rows, chrom, starts in blocks(chunks, size):
            signal = self.dataset.target[chrom]
            view = np.lib.stride_tricks.sliding_window_view(signal, length, axis=1)
            cut = view[:, starts]
            # Bases of ambiguous labels are NaN.
            known = ~np.isnan(cut)
            total = np.sum(cut, axis=2, where=known, dtype=np.float64)
            mean[:, rows] = total / np.maximum(known.sum(axis=2), 1)
            highest[:, rows] = np.fmax.reduce(cut, axis=2, initial=-np.inf)
        return mean, highest

    @cached_property
    def gc(self) -> dict[str, Values]:
        """Share of C and G among the known bases of each core, ``(n,)``."""
        return {part: self.composition(chunks)[0] for part, chunks in self.parts.items()}

    @cached_property
    def unknown(self) -> dict[str, Values]:
        """Share of unknown bases of each core, ``(n,)``."""
        return {part: self.composition(chunks)[1] for part, chunks in self.parts.items()}

    def composition(self, chunks: Chunks) -> tuple[Values, Values]:
        """Return share of C and G among the known bases, and share of N, of cores, ``(n,)``."""
        length = self.dataset.geometry.core_length
        gc, unknown = np.zeros((2, len(chunks)), np.float32)
        for rows, chrom, starts in blocks(chunks, max(1, _BLOCK // length)):
            codes = gather(self.dataset.codes[chrom], starts, length)
            known = (codes != N).sum(axis=1)
            gc[rows] = ((codes == 1) | (codes == 2)).sum(axis=1) / np.maximum(known, 1)
            unknown[rows] = 1 - known / length
        return gc, unknown

    @cached_property
    def labels(self) -> dict[str, Values]:
        """Class of each window in each track, ``(n_tracks, n)``: 1, 0, or NaN for unknown."""
        return {part: self.label(chunks, self.highest[part]) for part, chunks in self.parts.items()}

    @property
    def rule(self) -> str:
        """What makes a window positive, in words."""
        recipe = self.recipe
        if all(target.signal.key == "peaks" for target in recipe.targets):
            return "a bin of its core is labelled 1"
        if recipe.windows.key == "coverage_threshold":
            return f"its highest base is at least {recipe.windows.threshold:g}"
        if recipe.windows.key == "peak_centred":
            return "its core holds a base of a peak"
        return f"its highest base is at least {recipe.evaluation.positive_min_signal:g}"

    def label(self, chunks: Chunks, highest: Values) -> Values:
        """Return the class of chunks in each track; see ``rule``."""
        recipe = self.recipe
        if all(target.signal.key == "peaks" for target in recipe.targets):
            return self._bin_labels(chunks)
        if recipe.windows.key == "peak_centred":
            in_peak = self._in_peak(chunks, recipe.windows.sources)
            return np.broadcast_to(in_peak, highest.shape).astype(np.float32)
        if recipe.windows.key == "coverage_threshold":
            return (highest >= recipe.windows.threshold).astype(np.float32)
        return (highest >= recipe.evaluation.positive_min_signal).astype(np.float32)

    def _bin_labels(self, chunks: Chunks) -> Values:
        geometry = self.dataset.geometry
        core = slice(geometry.core_bin_offset, geometry.core_bin_offset + geometry.core_bins)
        flank = (geometry.output_length - geometry.core_length) // 2
        found = np.empty((len(self.recipe.targets), len(chunks)), np.float32)
        for rows, chrom, starts in blocks(chunks):
            bins = self.dataset.targets(chrom, starts - flank)[..., core]
            # One bin in a peak makes a window positive; else it has to be known throughout.
            found[:, rows] = np.where((bins == 1).any(axis=2), 1, bins.max(axis=2)).T
        return found

    def _in_peak(self, chunks: Chunks, sources: Sequence[str]) -> NDArray[np.bool_]:
        found = np.zeros(len(chunks), np.bool_)
        for rows, chrom, starts in blocks(chunks):
            here = [self.dataset.peaks[source].on(chrom) for source in sources]
            low, high = merge(
                np.concatenate([peaks.start for peaks in here]),
                np.concatenate([peaks.end for peaks in here]),
            )
            following = np.searchsorted(high, starts, side="right")
            opens = np.append(low, np.iinfo(np.int64).max)[following]
            found[rows] = opens < starts + self.dataset.geometry.core_length
        return found

    def inputs(self, part: str, chrom: str) -> tuple[Integers, Integers]:
        """Return all bases that inputs of a part may read on a contig, as merged intervals.

        Training windows count wherever their shift may take them, test windows as evaluation
        places them, the last one of a region included.
        """
        geometry = self.dataset.geometry
        if part == "test":
            starts, margin = self.test_inputs(chrom), 0
        elif part == "validation":
            starts, margin = on(self.windows.validation, chrom) - geometry.input_flank, 0
        else:
            margin = self.recipe.augmentation.max_shift
            both = (self.windows.positives, self.windows.negatives)
            starts = np.concatenate([on(chunks, chrom) for chunks in both]) - geometry.input_flank
        return merge(starts - margin, starts + geometry.input_length + margin)

    def test_inputs(self, chrom: str) -> Integers:
        """Return the first bases of the inputs that evaluation predicts on a contig, ``(n,)``."""
        geometry = self.dataset.geometry
        regions = split_regions(self.recipe.split.test, self.dataset)
        windows = grid_windows(*_ends(regions, chrom), geometry.core_length)
        return geometry.input_starts(windows)


def _ends(regions: Sequence[Interval], chrom: str) -> tuple[Integers, Integers]:
    """Starts and ends of the regions of a contig."""
    here = [region for region in regions if region.chrom == chrom]
    starts = np.array([region.start for region in here], dtype=np.int64)
    return starts, np.array([region.end for region in here], dtype=np.int64)


def on(chunks: Chunks, chrom: str) -> Integers:
    """Return the first bases of the chunks of a contig, ``(n,)``."""
    if chrom not in chunks.chroms:
        return np.empty(0, np.int64)
    starts: Integers = chunks.start[chunks.chrom == chunks.chroms.index(chrom)]
    return starts


@dataclass(frozen=True, eq=False)
class Material:
    """What checks are given.

    Attributes:
        recipe: Judged.
        card: Of the model, if it has one.
        files: The recipe's files; None where one is not here.
        data: What is in them; None where they or the genome are not here or not as they should be.
        missing: Why there are no files or no data.
        genes: Bases of genes, if an annotation is given.
        predict: Codes of windows ``(n, input_length)`` to the mean prediction over their cores
            ``(n, n_tracks)``; None where there are no weights.
        stage: Opens a progress display.
    """

    recipe: Recipe
    card: Card | None = None
    files: Files | None = None
    data: Data | None = None
    missing: str = ""
    genes: GeneMap | None = None
    predict: Callable[[Codes], Values] | None = None
    stage: Stage = silent

    @property
    def tracks(self) -> list[str]:
        """Names of the tracks."""
        return [target.track for target in self.recipe.targets]

    def paths(self) -> Mapping[str, Path]:
        """Source id to file."""
        if self.files is None:
            raise InputError(self.missing)
        return self.files.paths
