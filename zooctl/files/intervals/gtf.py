"""Read the bases in genes from an annotation (GTF or GFF3, both 1-based).

Annotations differ in the features that they list: genes, or only transcripts or exons.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.sequence.intervals import merge
from zooctl.sequence.numbers import parse_int

Integers = NDArray[np.int64]

_COLUMNS = 9
# The first of these that the file has is read.
_FEATURES = ("gene", "transcript", "mRNA", "exon")


def read_genes(path: str | os.PathLike[str]) -> dict[str, tuple[Integers, Integers]]:
    """Return the bases in genes of either strand, as merged intervals by contig, 0-based half-open.

    Args:
        path: GTF or GFF3, plain or gzipped. Of features named gene, transcript, mRNA and exon, the
            first kind that the file has is read. Sequence behind the annotation (``##FASTA``, or a
            line that begins with ``>``, as the GFF3 specification says) is not.

    Raises:
        InputError: The file is no annotation, or has none of these features.
    """
    found: dict[str, list[tuple[str, int, int]]] = {feature: [] for feature in _FEATURES}
    for number, line in read_lines(Path(path)):
        if line.startswith(("##FASTA", ">")):
            break
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split("\t")
        start = end = None
        if len(fields) == _COLUMNS:
            start, end = parse_int(fields[3]), parse_int(fields[4])
        if start is None or end is None:
            raise InputError(
                "not a line of an annotation",
                path=path,
                line=number,
                got=repr(line[:60]),
                expected="nine columns of GTF, the fourth and fifth being positions",
            )
        if not 1 <= start <= end:
            raise InputError(
                "feature ends before it starts", path=path, line=number, got=f"{start}-{end}"
            )
        if fields[2] in found:
            found[fields[2]].append((fields[0], start - 1, end))
    rows = next((rows for rows in found.values() if rows), None)
    if rows is None:
        raise InputError("no genes", path=path, expected=f"features {', '.join(_FEATURES)}")
    by_contig: dict[str, list[tuple[int, int]]] = {}
    for chrom, start, end in rows:
        by_contig.setdefault(chrom, []).append((start, end))
    return {chrom: merge(*np.array(ends, np.int64).T) for chrom, ends in by_contig.items()}
