"""Check the sort order of outputs and index sorted ones, through pysam."""

from __future__ import annotations

from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.vcf.records import Record

# The end of positions in a .tbi index (tabix format, section 2.2).
_LAST_OF_TBI = 1 << 29


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


def write_index(path: Path, suffix: str) -> Path:
    """Write the index of a sorted .vcf.gz or .bcf beside it and return its path.

    Raises:
        InputError: It cannot be written.
    """
    import pysam  # takes a tenth of a second

    preset = "bcf" if path.suffix == ".bcf" else "vcf"
    verbosity = None
    try:
        verbosity = pysam.set_verbosity(0)  # htslib warns of POS 0, which is legal
        pysam.tabix_index(
            str(path),
            preset=preset,  # type: ignore[arg-type]  # its stubs leave out bcf
            force=True,
            csi=suffix == ".csi",
            keep_original=True,
        )
    except (OSError, ValueError) as error:
        raise InputError(
            "the index cannot be written", path=path.name + suffix, got=str(error)[:200]
        ) from None
    finally:
        if verbosity is not None:
            pysam.set_verbosity(verbosity)
    return path.with_name(path.name + suffix)
