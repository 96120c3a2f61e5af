"""Finished lines of scores of which only those with high percentiles are kept, in their order."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zooctl.files.disk.bgzf import bgzip_blocks
from zooctl.files.vcf.output import FinishedLines
from zooctl.files.vcf.table import COLUMNS

_PERCENTILES = re.compile(rb"[\t;]ZOO_[^=;\t]*_PCT=([^;\t]*)")
_COLUMN = COLUMNS.index("pct")
_INFO_END = 8  # columns of a VCF line that are searched
_LINES = 4_096  # compressed together


@dataclass(frozen=True)
class SelectedParts:
    """The lines of finished chunks that have a high percentile.

    Attributes:
        parts: The chunks.
        table: Lines are rows of a table, not records of a VCF.
        least: Smallest percentile that is kept, of any allele, track or score of a line.
        top: Number of lines of the highest percentiles that are kept; of equal ones the first.
    """

    parts: FinishedLines
    table: bool
    least: float | None
    top: int | None

    @property
    def target(self) -> Path:
        """The output."""
        return self.parts.target

    def lines(self) -> Iterator[bytes]:
        """Yield the lines that are kept, with their ends."""
        ranked = self._ranked()
        if self.top is None:
            yield from (line for _, line in ranked)
            return
        numbered = ((value, -number) for number, (value, _) in enumerate(ranked))
        kept = {-number for _, number in heapq.nlargest(self.top, numbered)}
        for number, (_, line) in enumerate(self._ranked()):
            if number in kept:
                yield line

    def count(self) -> int:
        """Return the number of lines that are kept."""
        return sum(1 for _ in self.lines())

    def pieces(self) -> Iterator[bytes]:
        """Yield the bgzipped text of the lines that are kept."""
        held: list[bytes] = []
        for line in self.lines():
            held.append(line)
            if len(held) == _LINES:
                yield bgzip_blocks(b"".join(held))
                held = []
        if held:
            yield bgzip_blocks(b"".join(held))

    def remove(self) -> None:
        """Remove all chunks, after the output is complete."""
        self.parts.remove()

    def _ranked(self) -> Iterator[tuple[float, bytes]]:
        """Yield each line with its highest percentile, without those that have none or too low."""
        return passing(self.parts.lines(), self.table, self.least or 0)


def passing(lines: Iterable[bytes], table: bool, least: float) -> Iterator[tuple[float, bytes]]:
    """Yield each line with its highest percentile, without those that have none or too low a one.

    Args:
        lines: Lines with their ends.
        table: They are rows of a table, not records of a VCF.
        least: Smallest percentile.
    """
    for line in lines:
        value = row_percentile(line) if table else record_percentile(line)
        if value is not None and value >= least:
            yield value, line


def record_percentile(line: bytes) -> float | None:
    """Return the highest percentile in the INFO of a VCF's line; None if there is none.

    >>> info = b"DB;ZOO_m_t_SUM_LFC_PCT=0.5,.;ZOO_m_u_SUM_LFC_PCT=0.75,0.1"
    >>> record_percentile(b"1\\t5\\t.\\tA\\tC,G\\t.\\t.\\t" + info)
    0.75
    """
    info = b"\t".join(line.split(b"\t", _INFO_END)[:_INFO_END])
    texts = (text for values in _PERCENTILES.findall(info) for text in values.split(b","))
    values = [float(text) for text in texts if text != b"."]
    return max(values, default=None)


def row_percentile(line: bytes) -> float | None:
    """Return the percentile of a row of a table; None if it has none."""
    if line.startswith(b"{"):
        found = json.loads(line)["pct"]
        return None if found is None else float(found)
    text = line.split(b"\t", _COLUMN + 1)[_COLUMN]
    return float(text) if text else None
