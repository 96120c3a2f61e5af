"""Regions as typed: a BED file or region strings, before a genome is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zooctl.files.intervals.bed import Bed
    from zooctl.sequence.intervals import Interval


@dataclass(frozen=True)
class Regions:
    """What ``--bed`` or ``--region`` gave.

    Attributes:
        bed: The content of the BED file, or None.
        typed: Region strings; none where there is a BED file.
    """

    bed: Bed | None
    typed: tuple[str, ...]

    @property
    def stem(self) -> str:
        """How outputs for these regions are called."""
        if self.bed is not None:
            stem = re.sub(r"(\.bed)?(\.b?gz)?$", "", self.bed.path.name, flags=re.IGNORECASE)
            return stem or "regions"
        return region_stem(self.typed[0]) if len(self.typed) == 1 else "regions"

    def within(
        self,
        contigs: Mapping[str, int],
        *,
        chrom_map: str | None = None,
        clip: bool = False,
        of: str = "the genome",
    ) -> list[Interval]:
        """Return the intervals in a genome's names, each proved to lie within its contig.

        Args:
            contigs: Lengths of the genome's contigs.
            chrom_map: ``auto``, or a file of names and the genome's names for them.
            clip: Whether to cut off what goes beyond a contig.
            of: What has these contigs where it is no genome, for errors.

        Raises:
            InputError: A contig is unknown or an interval goes beyond its end.
            ManyErrors: Several of these.
        """
        from zooctl.errors import ManyErrors, ZooError

        try:
            return self._within(contigs, chrom_map, clip)
        except ZooError as error:
            for one in error.errors if isinstance(error, ManyErrors) else (error,):
                one.what = one.what.replace("not in the genome", f"not in {of}")
            raise

    def _within(
        self, contigs: Mapping[str, int], chrom_map: str | None, clip: bool
    ) -> list[Interval]:
        from zooctl.files.intervals.bed import check_intervals
        from zooctl.files.intervals.chrom_map import load_chrom_map
        from zooctl.sequence.contigs import other_style
        from zooctl.sequence.intervals import parse_region

        names: dict[str, str] = {}
        if chrom_map is not None:
            given = {interval.chrom for interval in self.bed or ()}
            names = load_chrom_map(chrom_map, given | set(map(other_style, contigs)), contigs)
        if self.bed is not None:
            return check_intervals(self.bed, contigs, chrom_map=names, clip=clip)
        known = {name: contigs[genome_name] for name, genome_name in names.items()}
        typed = [parse_region(text, known | dict(contigs)) for text in self.typed]
        return check_intervals(typed, contigs, chrom_map=names)


def read_regions(bed: Path | None, region: Sequence[str] | None) -> Regions:
    """Return the regions that a user gave by one of the two options.

    Raises:
        InputError: Both options or none; or the BED file cannot be read.
        ManyErrors: Several lines of the BED file are wrong.
    """
    from zooctl.errors import InputError
    from zooctl.files.intervals.bed import read_bed

    if (bed is None) == (not region):
        raise InputError("say which regions", expected="either --bed or --region")
    return Regions(None if bed is None else read_bed(bed), tuple(region or ()))


def region_stem(region: str) -> str:
    """Return a region string as part of a file name.

    >>> region_stem("chr21:33,000,000-35,000,000"), region_stem("HLA-A*01:01")
    ('chr21_33000000-35000000', 'HLA-A_01_01')
    """
    stem = re.sub(r"[^\w.+-]+", "_", region.replace(",", ""), flags=re.ASCII)
    return stem.strip("_").lstrip(".-") or "region"
