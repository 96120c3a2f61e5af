"""Data of a recipe by parts of its split, in windows side by side, beside the training windows.

All parts are laid out in the same way, so that like is compared with like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zooctl.audit.window_stats import (
    bin_labels,
    composition,
    core_stats,
    in_peak,
    share_reaching,
)
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.intervals import merge
from zooctl.sequence.windows import Geometry, Integers, grid_windows
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.exclusion import allowed
from zooctl.training.data.sampling import Chunks, core_maximum, tile, usable
from zooctl.training.data.windows import TrainingWindows, split_regions

PARTS = ("train", "validation", "test")

Values = NDArray[np.float32]
# Merged starts and ends of genes by contig.
GeneMap = Mapping[str, tuple[Integers, Integers]]


@dataclass(frozen=True, eq=False)
class SplitData:
    """Data of a recipe, laid out by parts of the split in units side by side.

    A unit is the core of a window where the recipe classifies windows; where its windows tile the
    genome, it is a bin of the evaluation.

    Attributes:
        recipe: The recipe.
        dataset: Sequence and signals.
        windows: Windows that training chooses.
    """

    recipe: Recipe
    dataset: Dataset
    windows: TrainingWindows

    @cached_property
    def units(self) -> Dataset:
        """The same data in windows of one unit."""
        if self.recipe.windows.key != "tiling":
            return self.dataset
        size = self.recipe.evaluation.bin_size
        return replace(self.dataset, geometry=Geometry(size, size, size, size))

    @property
    def unit(self) -> int:
        """Bases per unit."""
        return self.units.geometry.core_length

    @cached_property
    def parts(self) -> dict[str, Chunks]:
        """Units of each part of the split, without excluded ones and those of more than half N."""
        found = {part: self._tiled(self.units, part) for part in ("train", "validation")}
        return found | {"test": self.test_windows(self.units)}

    def _tiled(self, dataset: Dataset, part: str) -> Chunks:
        regions = split_regions(getattr(self.recipe.split, part), dataset)
        return self._usable(dataset, tile(dataset, regions, dataset.geometry.core_length))

    def _usable(self, dataset: Dataset, chunks: Chunks) -> Chunks:
        """Leave out windows with more than half N, as prediction does, and excluded ones."""
        chunks = chunks.take(usable(dataset, chunks, 0.5, None))
        return chunks.take(allowed(self.recipe, dataset, chunks, margin=0))

    @cached_property
    def evaluation_windows(self) -> dict[str, Chunks]:
        """Windows of validation and test, with the network's own lengths."""
        return {
            "validation": self._tiled(self.dataset, "validation"),
            "test": self.test_windows(self.dataset),
        }

    def test_windows(self, dataset: Dataset) -> Chunks:
        """Return the windows of the genome grid that are evaluated, inside of contigs."""
        geometry = dataset.geometry
        chroms = tuple(dict.fromkeys(region.chrom for region in self.recipe.split.test))
        index, starts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number, chrom in enumerate(chroms):
            low = self.test_inputs(dataset, chrom)
            high = low + geometry.input_length
            low = low[(low >= 0) & (high <= len(dataset.codes[chrom]))]
            starts.append(low + geometry.input_flank)
            index.append(np.full(len(low), number, dtype=np.int64))
        return self._usable(dataset, Chunks(chroms, np.concatenate(index), np.concatenate(starts)))

    def test_inputs(self, dataset: Dataset, chrom: str) -> Integers:
        """Return the first bases of the evaluated inputs on a contig, ``(n,)``.

        They read nothing beyond their region; the ends of a contig are no limit.
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
        """Condition of a positive unit, in words."""
        recipe, rules = self.recipe, self.recipe.evaluation
        if _labelled(recipe):
            return f"a bin of {self.unit:,} bp is labelled 1"
        if recipe.windows.key == "peak_centred":
            return f"one of {self.unit:,} bases lies in a peak"
        ratio = f", and {rules.positive_control_ratio:g} times the control" * bool(recipe.controls)
        if recipe.windows.key == "coverage_threshold":
            least = recipe.windows.threshold
            return f"the highest of {self.unit:,} bases is at least {least:g}{ratio}"
        which = f"{rules.positive_share:.0%}" if rules.positive_share else "the highest"
        return f"{which} of {self.unit:,} bases reach {rules.positive_min_signal:g}{ratio}"

    def label(self, dataset: Dataset, chunks: Chunks, highest: Values) -> Values:
        """Return the class of windows in each row, ``(n_rows, n)``; see ``rule``."""
        recipe = self.recipe
        if _labelled(recipe):
            return bin_labels(dataset, chunks, len(highest))
        if recipe.windows.key == "peak_centred":
            found = in_peak(dataset, chunks, recipe.windows.sources)
            return np.broadcast_to(found, highest.shape).astype(np.float32)
        rules = recipe.evaluation
        if recipe.windows.key == "coverage_threshold":
            reaches = highest >= recipe.windows.threshold
        elif not rules.positive_share:
            reaches = highest >= rules.positive_min_signal
        else:
            share = share_reaching(dataset, chunks, rules.positive_min_signal)
            reaches = share >= rules.positive_share
        labels = reaches.astype(np.float32)
        if recipe.controls:
            controls = core_maximum(dataset.control, chunks, dataset.geometry.core_length)
            labels[reaches & (highest < rules.positive_control_ratio * controls)] = np.nan
        return labels

    def input_intervals(self, part: str, chrom: str) -> tuple[Integers, Integers]:
        """Return the merged intervals that inputs of a part may read on a contig.

        Training windows count with every shift of augmentation, test windows as evaluated.
        """
        geometry = self.dataset.geometry
        if part == "test":
            starts, margin = self.test_inputs(self.dataset, chrom), 0
        elif part == "validation":
            starts, margin = starts_on(self.windows.validation, chrom) - geometry.input_flank, 0
        else:
            margin = self.recipe.augmentation.reach
            both = (self.windows.positives, self.windows.negatives)
            starts = (
                np.concatenate([starts_on(chunks, chrom) for chunks in both]) - geometry.input_flank
            )
        return merge(starts - margin, starts + geometry.input_length + margin)


def _labelled(recipe: Recipe) -> bool:
    return all(target.signal.key in ("peaks", "background") for target in recipe.targets)


def starts_on(chunks: Chunks, chrom: str) -> Integers:
    """Return the first bases of the chunks on a contig, ``(n,)``."""
    if chrom not in chunks.chroms:
        return np.empty(0, np.int64)
    starts: Integers = chunks.start[chunks.chrom == chunks.chroms.index(chrom)]
    return starts
