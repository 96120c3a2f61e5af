"""Contig names: the error for an unknown one, and the mapping between two naming styles.

UCSC writes ``chr21`` and ``chrM``, Ensembl and NCBI write ``21`` and ``MT``. Names are never
translated silently, because the mitochondria differ: ``chrM`` of UCSC's hg19 has 16,571 bp
(NC_001807), while ``MT`` everywhere and ``chrM`` of hg38 have 16,569 bp (the revised Cambridge
sequence).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from os import PathLike

from zooctl.errors import InputError

CAMBRIDGE_LENGTH = 16_569
# A chromosome's own name: one that the genome lacks is no typing error for its neighbour's.
_CHROMOSOME = re.compile(r"(chr)?([0-9]{1,2}[LR]?|[XYWZM]|MT|[IVX]+)")
CHROM_MAP_HINT = "names differ in style: pass --chrom-map auto, or a file of two columns"


def natural(name: str) -> list[tuple[str, int]]:
    """Return a key that sorts names by the numbers in them.

    >>> sorted(["chr10", "chr2", "chrX"], key=natural)
    ['chr2', 'chr10', 'chrX']
    """
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name)]


def other_style(chrom: str) -> str:
    """Return a contig's name in the other style.

    >>> other_style("21"), other_style("chr21"), other_style("MT"), other_style("chrM")
    ('chr21', '21', 'chrM', 'MT')
    """
    if chrom in ("MT", "chrM"):
        return "chrM" if chrom == "MT" else "MT"
    return chrom[3:] if chrom.startswith("chr") else f"chr{chrom}"


def unknown_contig(
    chrom: str,
    contigs: Iterable[str],
    *,
    what: str = "contig is not in the genome",
    path: str | PathLike[str] | None = None,
    line: int | None = None,
) -> InputError:
    """Return the error for a contig that the genome lacks, with the best hint.

    >>> print(unknown_contig("21", ["chr20", "chr21"], path="a.bed", line=1))
    a.bed:1: contig is not in the genome (got '21'; expected one of chr20, chr21). Hint: \
names differ in style: pass --chrom-map auto, or a file of two columns
    """
    names = list(contigs)
    shown = ", ".join(names[:5]) + (f", … ({len(names)} in all)" if len(names) > 5 else "")
    hint = None
    if other_style(chrom) in names:
        hint = CHROM_MAP_HINT
    elif not _CHROMOSOME.fullmatch(chrom) and (
        near := difflib.get_close_matches(chrom, names, n=1, cutoff=0.8)
    ):
        hint = f"did you mean {near[0]}?"
    return InputError(
        what, path=path, line=line, got=repr(chrom), expected=f"one of {shown}", hint=hint
    )


def auto_map(
    chroms: Iterable[str], contigs: Mapping[str, int], lengths: Mapping[str, int] | None = None
) -> dict[str, str]:
    """Map names onto a genome's by adding or removing ``chr``, and MT onto chrM if that is safe.

    Args:
        chroms: Names to map.
        contigs: Lengths of the genome's contigs.
        lengths: Known lengths of ``chroms`` (a VCF header has them).

    Returns:
        Each name to the genome's name; a name that cannot be mapped safely is left out. Safe means
        that known lengths agree. If the length of a mitochondrion is unknown, MT (always the
        Cambridge sequence) maps onto a chrM of 16,569 bp, and chrM is not mapped.

    >>> hg38 = {"chr20": 64_444_167, "chr21": 46_709_983, "chrM": 16_569}
    >>> auto_map(["21", "chr20", "MT", "Un_1"], hg38)
    {'21': 'chr21', 'chr20': 'chr20', 'MT': 'chrM'}
    >>> auto_map(["MT"], {"chrM": 16571})
    {}
    """
    known = lengths or {}
    mapped: dict[str, str] = {}
    for chrom in chroms:
        target = chrom if chrom in contigs else other_style(chrom)
        if target not in contigs:
            continue
        length = known.get(chrom)
        if length is None and chrom != target and "MT" in (chrom, target):
            length = CAMBRIDGE_LENGTH if chrom == "MT" else -1
        if length is None or length == contigs[target]:
            mapped[chrom] = target
    return mapped
