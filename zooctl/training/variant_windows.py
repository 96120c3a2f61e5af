"""Windows about measured variants."""

from __future__ import annotations

import numpy as np

from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry
from zooctl.training.sampling import Chunks
from zooctl.training.variant_table import Variants


def variant_cores(
    variants: Variants, geometry: Geometry, regions: tuple[Interval, ...], margin: int
) -> Chunks:
    """Place a window about each variant whose input stays in a region if moved by ``margin``."""
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
