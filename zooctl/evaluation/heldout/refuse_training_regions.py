"""Choose the regions to evaluate, and refuse those that the model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.schema.fields import Region, Split
from zooctl.sequence.intervals import merge, parse_region


class SeenRegions(NamedTuple):
    """Regions that a model was trained on.

    Attributes:
        model: Name of the model.
        assembly: Assembly of the regions.
        split: Regions of training and validation; None where nobody says.
    """

    model: str
    assembly: str
    split: Split | None


def heldout_split(
    split: Split | None, regions: Sequence[str], seen: SeenRegions, assembly: str
) -> Split:
    """Return regions to evaluate, and regions to fit baselines on, that share no base.

    Args:
        split: Split of the data; None without a recipe or card that states one.
        regions: Regions to evaluate in place of the split's test regions, such as
            ``chr21:1-5,000,000`` (1-based, inclusive) or ``chr21``; overlapping ones are merged.
        seen: Regions that the model was trained on.
        assembly: Assembly of the data.

    Raises:
        InputError: There is no region to evaluate, or the model was trained or chosen on one.
    """
    if regions:
        test = _merged([_region(text) for text in regions])
        train, validation = (split.train, split.validation) if split is not None else ((), ())
        split = Split(
            train=tuple(part for part in train if not any(map(part.overlaps, test))),
            validation=tuple(part for part in validation if not any(map(part.overlaps, test))),
            test=test,
        )
    if split is None:
        raise InputError(
            "nothing says which regions are held out",
            got=seen.model,
            hint="--region chr21, or --data of an entry with a recipe",
        )
    for region in split.test:
        if _was_seen(region, seen, assembly):
            raise InputError(
                "the model was trained or chosen on a region that is to be judged",
                got=str(region),
                expected="regions that it has not seen",
                hint=None
                if assembly == seen.assembly
                else f"it has seen {region.chrom} of {seen.assembly}; --region names others",
            )
    return split


def _was_seen(region: Region, seen: SeenRegions, assembly: str) -> bool:
    """Return whether the model was trained or chosen on a base of a region.

    Positions of two assemblies differ, chromosomes hardly; there a shared chromosome counts.
    """
    parts = () if seen.split is None else (*seen.split.train, *seen.split.validation)
    if assembly == seen.assembly:
        return any(map(region.overlaps, parts))
    return any(region.chrom == part.chrom for part in parts)


def _region(text: str) -> Region:
    """Read a region; the name of a contig is all of it."""
    try:
        if ":" not in text:
            return Region(chrom=text)
        interval = parse_region(text)
        return Region(chrom=interval.chrom, start=interval.start, end=interval.end)
    except ValueError:
        raise InputError(
            "not a region", field="--region", got=repr(text), expected="such as chr21:1-5,000,000"
        ) from None


def _merged(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return regions without overlap; contigs in the order of their first region."""
    found = []
    for chrom in dict.fromkeys(region.chrom for region in regions):
        here = [region for region in regions if region.chrom == chrom]
        if whole := [region for region in here if region.end is None]:
            found.append(whole[0])
            continue
        starts, ends = (np.array([getattr(one, end) for one in here]) for end in ("start", "end"))
        for start, end in zip(*(side.tolist() for side in merge(starts, ends)), strict=True):
            found.append(Region(chrom=chrom, start=start, end=end))
    return tuple(found)
