"""Records of a VCF that lie in regions: by the bases of REF, or by POS."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zooctl.files.intervals.regions import read_regions
from zooctl.files.intervals.targets import read_targets
from zooctl.files.vcf.records import Record
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.sequence.intervals import Interval


@dataclass(frozen=True)
class Places:
    """Merged intervals of contigs, to ask whether something lies in one.

    Attributes:
        starts: Contig to the first bases of its intervals, sorted.
        ends: Contig to the bases after their last.
    """

    starts: Mapping[str, Sequence[int]]
    ends: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> Places:
        """Merge intervals.

        >>> places = Places.of([Interval("chr1", 5, 9), Interval("chr1", 8, 12)])
        >>> places.starts, places.overlap("chr1", 11, 12), places.overlap("chr1", 12, 13)
        ({'chr1': [5]}, True, False)
        """
        starts: dict[str, list[int]] = {}
        ends: dict[str, list[int]] = {}
        for chrom, start, end in sorted(intervals):
            if chrom in ends and start <= ends[chrom][-1]:
                ends[chrom][-1] = max(ends[chrom][-1], end)
            else:
                starts.setdefault(chrom, []).append(start)
                ends.setdefault(chrom, []).append(end)
        return cls(starts, ends)

    def overlap(self, chrom: str, start: int, end: int) -> bool:
        """Say whether ``[start, end)`` shares a base with one of them."""
        starts = self.starts.get(chrom, ())
        last = bisect_right(starts, end - 1) - 1
        return last >= 0 and self.ends[chrom][last] > start


@dataclass(frozen=True)
class RecordChoice:
    """Records that are scored: all, or those in regions and targets.

    Attributes:
        regions: REF must share a base with one; None for no such rule.
        targets: POS must lie in one; None for no such rule.
        names: The genome's name for contigs that have another in the VCF.
        intervals: All of them, for a record of the run.
    """

    regions: Places | None
    targets: Places | None
    names: Mapping[str, str]
    intervals: Sequence[Interval] = field(default=())

    def __bool__(self) -> bool:
        """Say whether any record may be left out."""
        return self.regions is not None or self.targets is not None

    def keep(self, records: Iterator[Record]) -> Iterator[Record]:
        """Yield the records that are scored."""
        for record in records:
            chrom = self.names.get(record.chrom, record.chrom)
            start, end = record.start, record.start + len(record.ref)
            if self.regions is not None and not self.regions.overlap(chrom, start, end):
                continue
            if self.targets is not None and not self.targets.overlap(chrom, start, start + 1):
                continue
            yield record


def record_choice(
    options: ScoreOptions, contigs: Mapping[str, int], names: Mapping[str, str]
) -> RecordChoice:
    """Return the choice that options name, in the genome's names.

    Args:
        options: Region strings, and files of regions and targets.
        contigs: Lengths of the genome's contigs.
        names: The genome's name for contigs that have another in the VCF.

    Raises:
        InputError: A region or a file of them is wrong.
    """
    regions: list[Interval] = []
    if options.regions:
        given = read_regions(None, options.regions)
        regions += given.within(contigs, chrom_map=options.chrom_map)
    if options.regions_file is not None:
        regions += _named(read_targets(Path(options.regions_file)), names)
    targets = (
        _named(read_targets(Path(options.targets_file)), names)
        if options.targets_file is not None
        else None
    )
    asked = options.regions or options.regions_file is not None
    return RecordChoice(
        Places.of(regions) if asked else None,
        None if targets is None else Places.of(targets),
        names,
        tuple(regions) + tuple(targets or ()),
    )


def _named(intervals: Iterable[Interval], names: Mapping[str, str]) -> list[Interval]:
    return [Interval(names.get(chrom, chrom), start, end) for chrom, start, end in intervals]
