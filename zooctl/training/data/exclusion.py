"""Places that a recipe leaves out of training and validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.windows import Integers
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.sampling import Chunks, blocks


def allowed(recipe: Recipe, dataset: Dataset, chunks: Chunks, margin: int) -> NDArray[np.bool_]:
    """Return which chunks neither meet an excluded region nor are unmappable, ``(n,)``.

    Args:
        recipe: Has the limit of unmappable bases.
        dataset: Has the excluded and unmappable bases.
        chunks: Places to check.
        margin: Largest shift of the windows in bp.
    """
    geometry, mappability = dataset.geometry, recipe.exclude.mappability
    excluded = {chrom: _running(mask) for chrom, mask in dataset.excluded.items()}
    unmappable = {chrom: _running(mask) for chrom, mask in dataset.unmappable.items()}
    flank = (geometry.output_length - geometry.core_length) // 2 + margin
    valid = np.ones(len(chunks), np.bool_)
    for rows, chrom, starts in blocks(chunks):
        ends = starts + geometry.core_length
        if chrom in excluded:
            valid[rows] &= _count(excluded[chrom], starts - flank, ends + flank) == 0
        if mappability is not None:
            limit = mappability.max_unmappable * geometry.core_length
            valid[rows] &= _count(unmappable[chrom], starts, ends) <= limit
    return valid


def _running(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Count the marked bases before each base and the end."""
    before = np.zeros(len(mask) + 1, np.int32)
    np.cumsum(mask, out=before[1:])
    return before


def _count(before: NDArray[np.int32], starts: Integers, ends: Integers) -> NDArray[np.int32]:
    """Count the marked bases of intervals; there are none beyond the contig."""
    last = len(before) - 1
    counts: NDArray[np.int32] = before[np.clip(ends, 0, last)] - before[np.clip(starts, 0, last)]
    return counts
