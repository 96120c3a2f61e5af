"""Which places of a recipe's split are trained on, and which judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zooctl.catalog.fields import Region
from zooctl.catalog.recipe import Recipe
from zooctl.errors import InputError
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import N
from zooctl.training.dataset import Dataset
from zooctl.training.sampling import Chunks, split_by_signal, tile


@dataclass(frozen=True)
class Windows:
    """What a run trains on and is judged by."""

    positives: Chunks
    negatives: Chunks
    validation: Chunks

    def n_negatives(self, recipe: Recipe) -> int:
        """Negatives of one epoch."""
        return min(round(recipe.windows.negatives * len(self.positives)), len(self.negatives))

    def n_epoch(self, recipe: Recipe) -> int:
        """Windows of one epoch."""
        return len(self.positives) + self.n_negatives(recipe)


def choose_windows(recipe: Recipe, dataset: Dataset) -> Windows:
    """Tile the splits and part the training windows by their signal."""
    regions = split_regions(recipe.split.train, dataset)
    chunks = tile(dataset, regions, recipe.windows.stride, recipe.augmentation.max_shift)
    positives, negatives = split_by_signal(dataset, chunks, recipe.windows)
    if not len(positives):
        raise InputError(
            "no training window reaches the threshold",
            field="windows.threshold",
            got=recipe.windows.threshold,
        )
    core_length = dataset.geometry.core_length
    validation = tile(dataset, split_regions(recipe.split.validation, dataset), core_length)
    known = [
        (dataset.codes[validation.chroms[chrom]][start : start + core_length] != N).mean() > 0.5
        for chrom, start in zip(validation.chrom, validation.start, strict=True)
    ]
    return Windows(positives, negatives, validation.take(np.array(known)))


def split_regions(part: tuple[Region, ...], dataset: Dataset) -> tuple[Interval, ...]:
    """A part of the split as intervals; a chromosome without a range is all of it."""
    return tuple(
        Interval(
            region.chrom,
            region.start or 0,
            len(dataset.codes[region.chrom]) if region.end is None else region.end,
        )
        for region in part
    )
