"""The interface of a genome that windows are cut from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from zooctl.sequence.onehot import Codes


class Genome(Protocol):
    """A set of contigs; ``files.fasta.reader.Fasta`` is one."""

    @property
    def contigs(self) -> Mapping[str, int]:
        """Length of each contig in bp."""
        ...

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of ``[start, end)``, N outside of the contig."""
        ...
