"""Check the sort order of outputs and index sorted ones, through htslib."""

from __future__ import annotations

from pathlib import Path

from zooctl.files.vcf.htslib import Htslib
from zooctl.files.vcf.records import Record

# The end of positions in a .tbi index (tabix format, section 2.2).
_LAST_OF_TBI = 1 << 29


class IndexFaultError(Exception):
    """A sorted file that htslib cannot index; the text is its reason."""


class SortOrder:
    """Finds the first record of a file that is out of order.

    The order is tabix's: the records of a contig together, by position.

    Attributes:
        end: End of the bases that records cover.
        broken: The two records between which the order breaks, as text, or None.
    """

    def __init__(self) -> None:
        self.end = 0
        self.broken: tuple[str, str] | None = None
        self._chrom = ""
        self._start = -1
        self._seen: set[str] = set()

    def add(self, record: Record) -> None:
        """Add the next record."""
        self.end = max(self.end, record.start + len(record.ref))
        if self.broken is None:
            if record.chrom != self._chrom:
                fits = record.chrom not in self._seen
                self._seen.add(record.chrom)
            else:
                fits = record.start >= self._start
            if not fits:
                self.broken = (
                    f"{self._chrom}:{self._start + 1:,}",
                    f"{record.chrom}:{record.start + 1:,} (line {record.number:,})",
                )
            self._chrom, self._start = record.chrom, record.start


def index_suffix(target: Path, end: int) -> str:
    """Return the suffix of the index for a .vcf.gz or .bcf with records up to ``end``.

    >>> index_suffix(Path("a.vcf.gz"), 48_129_895), index_suffix(Path("a.bcf"), 48_129_895)
    ('.tbi', '.csi')
    """
    return ".csi" if target.suffix == ".bcf" or end > _LAST_OF_TBI else ".tbi"


def write_index(path: Path, suffix: str, *, table: bool = False) -> Path:
    """Write the index of a sorted .vcf.gz or .bcf beside it and return its path.

    Args:
        path: The file.
        suffix: ``.tbi`` or ``.csi``.
        table: It is a bgzipped TSV whose first columns are a contig and a position, from 1.

    Raises:
        IndexFaultError: htslib cannot index it: an END or SVLEN leads beyond what an index holds.
    """
    with Htslib(suffix[1:], str(path.absolute()), *["table"] * table) as child:
        for _ in child.pieces():
            pass
        reason = child.refusal()
    index = path.with_name(path.name + suffix)
    if reason is not None:
        index.unlink(missing_ok=True)
        raise IndexFaultError(reason)
    return index
