"""Windows of training and of validation, chosen from a recipe's split."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.schema.fields import Region
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.windows import (
    AccessibleWindows,
    AnyWindows,
    CoverageWindows,
    FixedBinWindows,
    PeakWindows,
    VariantWindows,
)
from zooctl.sequence.intervals import Interval, merge
from zooctl.sequence.onehot import N
from zooctl.sequence.windows import Geometry, Integers, gather
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.exclusion import allowed
from zooctl.training.data.peak_windows import peak_cores, touching
from zooctl.training.data.sampling import Chunks, blocks, split_by_signal, tile, usable
from zooctl.training.data.variants import Variants

# Steps of GC content; positives and negatives of one step match.
_GC_STEPS = 20
# Apart from the draws of epochs, which count from 0.
_VALIDATION, _STRANDS = 2**32 - 1, 2**32 - 2


@dataclass(frozen=True)
class TrainingWindows:
    """Windows of training and of validation."""

    positives: Chunks
    negatives: Chunks
    validation: Chunks

    def n_negatives(self, recipe: Recipe) -> int:
        """Return the number of negatives of one epoch."""
        if isinstance(recipe.windows, AccessibleWindows):
            return min(recipe.windows.closed, len(self.negatives))
        return min(round(recipe.windows.negatives * len(self.positives)), len(self.negatives))

    def n_epoch(self, recipe: Recipe) -> int:
        """Return the number of windows of one epoch."""
        of_each = 3 if recipe.augmentation.flanking else 1
        return of_each * len(self.positives) + self.n_negatives(recipe)

    def n_steps(self, recipe: Recipe, devices: int = 1) -> int:
        """Return the steps of one epoch, without a last one of a single window to a device.

        Batch normalisation has no variance over one window; the window left out changes from epoch
        to epoch.
        """
        whole, rest = divmod(self.n_epoch(recipe), recipe.batch_size)
        return max(1, whole + (rest >= 2 * devices))


def choose_windows(recipe: Recipe, dataset: Dataset) -> TrainingWindows:
    """Choose the training windows by the recipe's rule; validation is tiled.

    Raises:
        InputError: No window is left to train or to validate on, or parts of the split share a
            base.
    """
    windows = select_windows(recipe, dataset)
    check_disjoint(recipe, dataset, windows)
    return windows


def select_windows(recipe: Recipe, dataset: Dataset) -> TrainingWindows:
    """Choose windows without the check that parts of the split share no base.

    Raises:
        InputError: No window is left to train or to validate on.
    """
    positives, negatives = training_windows(recipe, dataset)
    regions = split_regions(recipe.split.validation, dataset)
    if recipe.validation_windows is not None:
        validation = _like_training(recipe, dataset, regions, recipe.validation_windows.negatives)
    elif dataset.variants is None:
        validation = tile(dataset, regions, dataset.geometry.core_length)
    else:
        validation = variant_cores(dataset.variants, dataset.geometry, regions, margin=0)
    validation = validation.take(usable(dataset, validation, np.nextafter(0.5, 0), None))
    validation = validation.take(allowed(recipe, dataset, validation, margin=0))
    if not len(validation):
        raise InputError("no window to validate on", field="split.validation")
    return TrainingWindows(positives, negatives, validation)


def _like_training(
    recipe: Recipe, dataset: Dataset, regions: tuple[Interval, ...], ratio: float
) -> Chunks:
    """Choose validation windows as training ones are, with some negatives drawn by the seed."""
    positives, negatives = _chosen(recipe, dataset, regions, margin=0)
    if not len(positives):
        raise InputError("no positive window to validate on", field="split.validation")
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([recipe.seed, _VALIDATION])))
    size = min(round(ratio * len(positives)), len(negatives))
    drawn = negatives.take(np.sort(rng.choice(len(negatives), size=size, replace=False)))
    reverse = None
    if positives.reverse is not None and drawn.reverse is not None:
        reverse = np.concatenate([positives.reverse, drawn.reverse])
    return Chunks(
        positives.chroms,
        np.concatenate([positives.chrom, drawn.chrom]),
        np.concatenate([positives.start, drawn.start]),
        reverse=reverse,
    )


def training_windows(recipe: Recipe, dataset: Dataset) -> tuple[Chunks, Chunks]:
    """Choose the positives and negatives of training, with their strata.

    Raises:
        InputError: There is no positive.
    """
    regions = split_regions(recipe.split.train, dataset)
    positives, negatives = _chosen(recipe, dataset, regions, recipe.augmentation.reach)
    if not len(positives):
        raise _no_window(recipe.windows)
    if getattr(recipe.windows, "matching", "random") == "gc":
        positives = replace(positives, stratum=gc_strata(dataset, positives))
        negatives = replace(negatives, stratum=gc_strata(dataset, negatives))
    return positives, negatives


def _chosen(
    recipe: Recipe, dataset: Dataset, regions: tuple[Interval, ...], margin: int
) -> tuple[Chunks, Chunks]:
    """Return positives and negatives whose inputs stay in their region at shifts up to a margin."""
    windows = recipe.windows
    if isinstance(windows, PeakWindows):
        positives = peak_cores(dataset, regions, windows, margin)
        negatives = tile(dataset, regions, dataset.geometry.core_length, margin)
        negatives = negatives.take(~touching(dataset, negatives, windows.sources, margin))
        if windows.stranded:
            negatives = replace(negatives, reverse=_drawn_strands(recipe.seed, len(negatives)))
    elif isinstance(windows, AccessibleWindows):
        tiles = tile(dataset, regions, windows.stride, margin)
        positives = tiles.take(touching(dataset, tiles, windows.sources, 0, core=True))
        negatives = tiles.take(~touching(dataset, tiles, windows.sources, margin, core=True))
    elif isinstance(windows, VariantWindows):
        assert dataset.variants is not None, "prepare reads them where windows are of variants"
        positives = variant_cores(dataset.variants, dataset.geometry, regions, margin)
        negatives = positives.take(np.zeros(len(positives), np.bool_))
    else:
        whole_chunks = getattr(windows, "threshold_over", "core") == "chunk"
        positives = tile(dataset, regions, windows.stride, margin, from_start=whole_chunks)
        negatives = positives.take(np.zeros(len(positives), np.bool_))
    positives = positives.take(allowed(recipe, dataset, positives, margin))
    negatives = negatives.take(allowed(recipe, dataset, negatives, margin))
    if isinstance(windows, CoverageWindows):
        return split_by_signal(dataset, positives, windows, margin)
    limits = windows.max_unknown, windows.max_control
    positives = positives.take(usable(dataset, positives, *limits))
    negatives = negatives.take(usable(dataset, negatives, *limits))
    if isinstance(windows, FixedBinWindows):
        return split_by_label(dataset, positives)
    return positives, negatives


def _drawn_strands(seed: int, n: int) -> NDArray[np.bool_]:
    """Draw the strands of negatives, by the seed alone."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _STRANDS])))
    return rng.random(n) < 0.5


def _no_window(windows: AnyWindows) -> InputError:
    match windows:
        case CoverageWindows():
            return InputError(
                "no training window reaches the threshold",
                field="windows.threshold",
                got=windows.threshold,
            )
        case PeakWindows() | AccessibleWindows():
            return InputError("no peak lies in the training regions", field="windows.sources")
        case VariantWindows():
            return InputError("no variant lies in the training regions", field="windows.source")
    return InputError("no window to train on", field="windows")


def split_by_label(dataset: Dataset, chunks: Chunks) -> tuple[Chunks, Chunks]:
    """Split chunks of one bin into those with a label of 1 in any track, and those of 0 in all."""
    positive, negative = np.empty((2, len(chunks)), np.bool_)
    for rows, chrom, starts in blocks(chunks):
        labels = dataset.targets(chrom, starts)[..., 0]
        positive[rows] = (labels == 1).any(axis=1)
        negative[rows] = (labels == 0).all(axis=1)
    return chunks.take(positive), chunks.take(negative)


def gc_strata(dataset: Dataset, chunks: Chunks) -> Integers:
    """Return the GC content of each chunk's input in steps of a twentieth, ``(n,)``."""
    geometry = dataset.geometry
    strata = np.empty(len(chunks), np.int64)
    for rows, chrom, starts in blocks(chunks):
        codes = gather(dataset.codes[chrom], starts - geometry.input_flank, geometry.input_length)
        known = np.maximum((codes != N).sum(axis=1), 1)
        gc = ((codes == 1) | (codes == 2)).sum(axis=1)
        strata[rows] = np.minimum(gc * _GC_STEPS // known, _GC_STEPS - 1)
    return strata


def check_disjoint(recipe: Recipe, dataset: Dataset, windows: TrainingWindows) -> None:
    """Check that inputs of training, validation and test share no base, at any shift.

    Raises:
        InputError: Two of them share one.
    """
    margin = recipe.augmentation.reach
    parts = {
        "train": {
            chrom: merge(*np.concatenate([p.T, n.T], axis=1))
            for chrom in dataset.codes
            for p, n in [[inputs(dataset, c, chrom, margin) for c in _trained(windows)]]
        },
        "validation": {
            chrom: merge(*inputs(dataset, windows.validation, chrom, 0).T)
            for chrom in dataset.codes
        },
        "test": {
            chrom: merge(*_region_ends(split_regions(recipe.split.test, dataset), chrom).T)
            for chrom in dataset.codes
        },
    }
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        for chrom in dataset.codes:
            shared = first_shared(parts[one][chrom], parts[other][chrom])
            if shared is not None:
                raise InputError(
                    f"{one} and {other} share bases",
                    field=f"split.{other}",
                    got=f"{chrom}, base {shared:,}, in a window of each",
                    hint="leave more room between ranges of one chromosome",
                )


def _trained(windows: TrainingWindows) -> tuple[Chunks, Chunks]:
    return windows.positives, windows.negatives


def inputs(dataset: Dataset, chunks: Chunks, chrom: str, margin: int) -> Integers:
    """Return start and end of the inputs on one contig with all their shifts, ``(n, 2)``."""
    index = chunks.chroms.index(chrom) if chrom in chunks.chroms else -1
    starts = chunks.start[chunks.chrom == index] - dataset.geometry.input_flank - margin
    return np.stack([starts, starts + dataset.geometry.input_length + 2 * margin], axis=1)


def _region_ends(regions: tuple[Interval, ...], chrom: str) -> Integers:
    ends = [(region.start, region.end) for region in regions if region.chrom == chrom]
    return np.array(ends, dtype=np.int64).reshape(-1, 2)


def first_shared(one: tuple[Integers, Integers], other: tuple[Integers, Integers]) -> int | None:
    """Return the first base that lies in intervals of both, each merged; None if there is none.

    >>> one, other = np.array([[0, 20], [10, 30]]), np.array([[10, 25], [20, 26]])
    >>> first_shared((one[0], one[1]), (other[0], other[1]))
    25
    """
    following = np.searchsorted(other[1], one[0], side="right")
    for start, end, index in zip(*one, following, strict=True):
        if index < len(other[0]) and other[0][index] < end:
            return int(max(start, other[0][index]))
    return None


def split_regions(part: tuple[Region, ...], dataset: Dataset) -> tuple[Interval, ...]:
    """Return a part of the split as intervals; a chromosome without a range is whole."""
    return tuple(region.interval(len(dataset.codes[region.chrom])) for region in part)


def variant_cores(
    variants: Variants, geometry: Geometry, regions: tuple[Interval, ...], margin: int
) -> Chunks:
    """Place a window around each variant whose input stays in a region at all shifts."""
    chroms = tuple(dict.fromkeys(region.chrom for region in regions))
    starts = variants.position - geometry.core_length // 2
    lows = starts - geometry.input_flank - margin
    highs = lows + geometry.input_length + 2 * margin
    inside = np.zeros(len(variants), np.bool_)
    for region in regions:
        here = variants.chrom == region.chrom
        inside |= here & (lows >= region.start) & (highs <= region.end)
    rows = np.flatnonzero(inside)
    index = np.array([chroms.index(str(chrom)) for chrom in variants.chrom[rows]], np.int64)
    return Chunks(chroms, index, starts[rows], variant=rows)
