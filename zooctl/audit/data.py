"""What an audit reads: recipe and card, the files behind them, and windows as training takes them.

Each split is laid out in the same way, as windows side by side, so that like is compared to like;
what training draws from its part is kept beside that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zooctl.audit.measures import (
    bin_labels,
    composition,
    core_stats,
    in_peak,
    share_reaching,
)
from zooctl.progress import Progress, no_progress
from zooctl.schema.card import Card
from zooctl.schema.recipe.inputs import in_sample
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal
from zooctl.sequence.intervals import merge
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry, Integers, grid_windows
from zooctl.tracks.per_base import Files
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.sampling import Chunks, tile, usable
from zooctl.training.data.windows import TrainingWindows, split_regions

PARTS = ("train", "validation", "test")

Values = NDArray[np.float32]
# Merged starts and ends of genes by contig.
GeneMap = Mapping[str, tuple[Integers, Integers]]


@dataclass(frozen=True)
class AuditedTrack:
    """A track, control or input; where there are several samples, in one of them.

    Attributes:
        name: For people.
        track: Its name in the recipe.
        signal: What it is made of.
    """

    name: str
    track: str
    signal: AnySignal


def rows(recipe: Recipe) -> list[AuditedTrack]:
    """Return the tracks of a recipe in the order of a data set's rows."""
    return _in_samples(recipe, [(target.track, target.signal) for target in recipe.targets])


def control_rows(recipe: Recipe) -> list[AuditedTrack]:
    """Return the controls of a recipe in the order of a data set's rows."""
    return _in_samples(recipe, [(control.name, control.signal) for control in recipe.controls])


def input_rows(recipe: Recipe) -> list[AuditedTrack]:
    """Return the signals per base that the network reads, in the order of a data set's rows."""
    return _in_samples(recipe, [(found.name, found.signal) for found in recipe.inputs])


def _in_samples(recipe: Recipe, named: Sequence[tuple[str, AnySignal]]) -> list[AuditedTrack]:
    if not recipe.samples:
        return [AuditedTrack(name, name, signal) for name, signal in named]
    return [
        AuditedTrack(f"{name} in {sample.name}", name, in_sample(signal, sample))
        for sample in recipe.samples
        for name, signal in named
    ]


@dataclass(frozen=True, eq=False)
class Data:
    """The recipe's data, laid out by split in units side by side.

    A unit is a window's core where recipes class windows; where they tile all of the genome, it is
    a bin of the evaluation.

    Attributes:
        recipe: Names them.
        dataset: Sequence and signals.
        windows: What training chooses.
    """

    recipe: Recipe
    dataset: Dataset
    windows: TrainingWindows

    @cached_property
    def units(self) -> Dataset:
        """The same data, in windows that are units."""
        if self.recipe.windows.key != "tiling":
            return self.dataset
        size = self.recipe.evaluation.bin_size
        return replace(self.dataset, geometry=Geometry(size, size, size, size))

    @property
    def unit(self) -> int:
        """Bases to a unit."""
        return self.units.geometry.core_length

    @cached_property
    def parts(self) -> dict[str, Chunks]:
        """Units of each split; more than half N is left out."""
        found = {part: self._tiled(self.units, part) for part in ("train", "validation")}
        return found | {"test": self.judged(self.units)}

    def _tiled(self, dataset: Dataset, part: str) -> Chunks:
        regions = split_regions(getattr(self.recipe.split, part), dataset)
        return _known(dataset, tile(dataset, regions, dataset.geometry.core_length))

    @cached_property
    def judging(self) -> dict[str, Chunks]:
        """Windows of validation and test, in the network's own lengths."""
        return {
            "validation": self._tiled(self.dataset, "validation"),
            "test": self.judged(self.dataset),
        }

    def judged(self, dataset: Dataset) -> Chunks:
        """Return the windows of the genome grid that evaluation judges, as far as contigs go."""
        geometry = dataset.geometry
        chroms = tuple(dict.fromkeys(region.chrom for region in self.recipe.split.test))
        index, starts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number, chrom in enumerate(chroms):
            low = self.test_inputs(dataset, chrom)
            high = low + geometry.input_length
            low = low[(low >= 0) & (high <= len(dataset.codes[chrom]))]
            starts.append(low + geometry.input_flank)
            index.append(np.full(len(low), number, dtype=np.int64))
        return _known(dataset, Chunks(chroms, np.concatenate(index), np.concatenate(starts)))

    def test_inputs(self, dataset: Dataset, chrom: str) -> Integers:
        """Return the first bases of the inputs that evaluation judges on a contig, ``(n,)``.

        They read nothing beyond their region; beyond the ends of a contig is nothing to be read.
        """
        geometry, end = dataset.geometry, len(dataset.codes[chrom])
        found = [np.empty(0, np.int64)]
        for region in split_regions(self.recipe.split.test, dataset):
            if region.chrom == chrom:
                ends = np.array([region.start]), np.array([region.end])
                low = geometry.input_starts(grid_windows(*ends, geometry.core_length))
                high = low + geometry.input_length
                inside = (low >= region.start) | (region.start == 0)
                inside &= (high <= region.end) | (region.end == end)
                found.append(low[inside])
        return np.unique(np.concatenate(found))

    @cached_property
    def means(self) -> dict[str, Values]:
        """Mean signal of each row over each unit, ``(n_rows, n)``."""
        return {part: stats[0] for part, stats in self._stats.items()}

    @cached_property
    def _stats(self) -> dict[str, tuple[Values, Values]]:
        return {part: core_stats(self.units, chunks) for part, chunks in self.parts.items()}

    @cached_property
    def gc(self) -> dict[str, Values]:
        """Share of C and G among the known bases of each unit, ``(n,)``."""
        return {part: composition(self.units, chunks)[0] for part, chunks in self.parts.items()}

    @cached_property
    def unknown(self) -> dict[str, Values]:
        """Share of unknown bases of each unit, ``(n,)``."""
        return {part: composition(self.units, chunks)[1] for part, chunks in self.parts.items()}

    @cached_property
    def labels(self) -> dict[str, Values]:
        """Class of each unit in each row, ``(n_rows, n)``: 1, 0, or NaN for unknown."""
        return {
            part: self.label(self.units, chunks, self._stats[part][1])
            for part, chunks in self.parts.items()
        }

    @property
    def rule(self) -> str:
        """What makes a unit positive, in words."""
        recipe = self.recipe
        if _labelled(recipe):
            return f"a bin of {self.unit:,} bp is labelled 1"
        if recipe.windows.key == "coverage_threshold":
            return f"the highest of {self.unit:,} bases is at least {recipe.windows.threshold:g}"
        if recipe.windows.key == "peak_centred":
            return f"one of {self.unit:,} bases lies in a peak"
        rules = recipe.evaluation
        which = f"{rules.positive_share:.0%}" if rules.positive_share else "the highest"
        return f"{which} of {self.unit:,} bases reach {rules.positive_min_signal:g}"

    def label(self, dataset: Dataset, chunks: Chunks, highest: Values) -> Values:
        """Return the class of windows of a data set in each row; see ``rule``."""
        recipe = self.recipe
        if _labelled(recipe):
            return bin_labels(dataset, chunks, len(highest))
        if recipe.windows.key == "peak_centred":
            found = in_peak(dataset, chunks, recipe.windows.sources)
            return np.broadcast_to(found, highest.shape).astype(np.float32)
        if recipe.windows.key == "coverage_threshold":
            return (highest >= recipe.windows.threshold).astype(np.float32)
        rules = recipe.evaluation
        if not rules.positive_share:
            return (highest >= rules.positive_min_signal).astype(np.float32)
        share = share_reaching(dataset, chunks, rules.positive_min_signal)
        return (share >= rules.positive_share).astype(np.float32)

    def inputs(self, part: str, chrom: str) -> tuple[Integers, Integers]:
        """Return all bases that inputs of a part may read on a contig, as merged intervals.

        Training windows count wherever their shift may take them, test windows as evaluation
        judges them.
        """
        geometry = self.dataset.geometry
        if part == "test":
            starts, margin = self.test_inputs(self.dataset, chrom), 0
        elif part == "validation":
            starts, margin = on(self.windows.validation, chrom) - geometry.input_flank, 0
        else:
            margin = self.recipe.augmentation.reach
            both = (self.windows.positives, self.windows.negatives)
            starts = np.concatenate([on(chunks, chrom) for chunks in both]) - geometry.input_flank
        return merge(starts - margin, starts + geometry.input_length + margin)


def _labelled(recipe: Recipe) -> bool:
    return all(target.signal.key == "peaks" for target in recipe.targets)


def _known(dataset: Dataset, chunks: Chunks) -> Chunks:
    """Leave out windows of which more than half is N, as prediction does."""
    return chunks.take(usable(dataset, chunks, 0.5, None))


def on(chunks: Chunks, chrom: str) -> Integers:
    """Return the first bases of the chunks of a contig, ``(n,)``."""
    if chrom not in chunks.chroms:
        return np.empty(0, np.int64)
    starts: Integers = chunks.start[chunks.chrom == chunks.chroms.index(chrom)]
    return starts


@dataclass(frozen=True, eq=False)
class AuditData:
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
    progress: Progress = no_progress

    @property
    def tracks(self) -> list[str]:
        """Names of the rows: tracks, or tracks in samples."""
        return [row.name for row in rows(self.recipe)]
