"""Regions as a user gives them, a BED file or region strings, before a genome is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.intervals.bed import Bed, check_intervals, read_bed
from zooctl.files.intervals.chrom_map import load_chrom_map
from zooctl.sequence.contigs import other_style
from zooctl.sequence.intervals import Interval, parse_region


@dataclass(frozen=True)
class Regions:
    """Regions of a BED file or of region strings.

    Attributes:
        bed: Content of the BED file, or None.
        typed: Region strings, 1-based and inclusive; none where there is a BED file.
    """

    bed: Bed | None
    typed: tuple[str, ...]

    @property
    def stem(self) -> str:
        """Beginning of the names of outputs for these regions."""
        if self.bed is not None:
            stem = re.sub(r"(\.bed)?(\.b?gz)?$", "", self.bed.path.name, flags=re.IGNORECASE)
            return "regions" if stem in ("", "-") else stem
        return region_stem(self.typed[0]) if len(self.typed) == 1 else "regions"

    def within(
        self,
        contigs: Mapping[str, int],
        *,
        chrom_map: str | None = None,
        clip: bool = False,
        holder: str = "the genome",
    ) -> list[Interval]:
        """Return the intervals in a genome's names, after checking them against its contigs.

        Args:
            contigs: Lengths of the contigs in bp.
            chrom_map: ``auto``, or a file that maps contig names to the genome's.
            clip: Cut intervals at the ends of their contigs.
            holder: Name of the owner of the contigs, for errors.

        Raises:
            InputError: A contig is unknown or an interval goes beyond its end.
            ManyErrors: Several of these.
        """
        names: dict[str, str] = {}
        if chrom_map is not None:
            given = {interval.chrom for interval in self.bed or ()}
            names = load_chrom_map(chrom_map, given | set(map(other_style, contigs)), contigs)
        if self.bed is not None:
            return check_intervals(self.bed, contigs, chrom_map=names, clip=clip, holder=holder)
        known = {name: contigs[genome_name] for name, genome_name in names.items()}
        typed = [parse_region(text, known | dict(contigs), holder) for text in self.typed]
        return check_intervals(typed, contigs, chrom_map=names, holder=holder)


def read_regions(bed: Path | None, region: Sequence[str]) -> Regions:
    """Return the regions of a BED file or of region strings.

    Raises:
        InputError: Both are given, or none; or the BED file cannot be read.
        ManyErrors: Several lines of the BED file are wrong.
    """
    if (bed is None) == (not region):
        raise InputError("say which regions", expected="either --bed or --region")
    return Regions(None if bed is None else read_bed(bed), tuple(region))


def regions_of(regions: str | Path | Sequence[str]) -> Regions:
    """Return the regions of a BED file, where a path is given, or of a list of region strings."""
    if isinstance(regions, (str, Path)):
        return read_regions(Path(regions), ())
    return read_regions(None, regions)


def region_stem(region: str) -> str:
    """Return a region string as part of a file name.

    >>> region_stem("chr21:33,000,000-35,000,000"), region_stem("HLA-A*01:01")
    ('chr21_33000000-35000000', 'HLA-A_01_01')
    """
    stem = re.sub(r"[^\w.+-]+", "_", region.replace(",", ""), flags=re.ASCII)
    return stem.strip("_").lstrip(".-") or "region"
