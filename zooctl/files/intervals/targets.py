"""Read files of regions as bcftools takes them with ``-R`` and ``-T``."""

from __future__ import annotations

import re
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.files.intervals.bed import read_bed
from zooctl.sequence.intervals import Interval
from zooctl.sequence.numbers import parse_int


def read_targets(path: Path) -> list[Interval]:
    """Return the intervals of a file of regions, plain or gzipped.

    A .bed or .bed.gz is BED. Other files have a contig and a position a line, or a contig, the
    first and the last base, separated by tabs, all counted from 1; so a VCF gives its positions.

    Raises:
        InputError: The file cannot be read, or a line is no such region.
        ManyErrors: Several lines of a BED file are wrong.
    """
    if re.search(r"\.bed(\.b?gz)?$", path.name, re.IGNORECASE):
        return list(read_bed(path))
    found, is_vcf = [], bool(re.search(r"\.vcf(\.b?gz)?$", path.name, re.IGNORECASE))
    for number, line in read_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t")
        texts = columns[1:2] if is_vcf else columns[1:3]
        positions = [parse_int(text.strip().encode()) for text in texts]
        first, last = (positions[0], positions[-1]) if positions else (None, None)
        if first is None or last is None or not 1 <= first <= last:
            raise InputError(
                "not a region",
                path=path,
                line=number,
                got=repr(line[:60]),
                expected="contig, position, or contig, first and last base, separated by tabs",
                hint="BED, which counts from 0, needs a name that ends in .bed",
            )
        found.append(Interval(columns[0], first - 1, last))
    if not found:
        raise InputError("no regions in the file", path=path)
    return found
