"""Map the contig names of a file to those of the genome (``--chrom-map``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.sequence.contigs import auto_map, unknown_contig


def load_chrom_map(
    choice: str,
    chroms: Iterable[str],
    contigs: Mapping[str, int],
    lengths: Mapping[str, int] | None = None,
) -> dict[str, str]:
    """Return the genome's name for each of ``chroms`` that has one.

    Args:
        choice: ``auto`` (adds or removes ``chr``, and maps MT where that is safe), or a file whose
            lines hold a name and the genome's name for it; lines that start with # are comments.
        chroms: The names of the file to be read.
        contigs: Lengths of the genome's contigs.
        lengths: Known lengths of ``chroms``.

    Raises:
        InputError: The file cannot be read, is no two columns, names a contig that the genome
            lacks, or maps one name twice.
    """
    if choice == "auto":
        return auto_map(chroms, contigs, lengths)
    path = Path(choice)
    named: dict[str, str] = {}
    for number, line in read_lines(path):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) != 2:
            raise InputError(
                "not a line of a chromosome map",
                path=path,
                line=number,
                got=f"{len(words)} columns",
                expected="a name and the genome's name for it",
            )
        source, target = words
        if target not in contigs:
            raise unknown_contig(target, contigs, path=path, line=number)
        if named.setdefault(source, target) != target:
            raise InputError(
                f"{source!r} is mapped twice", path=path, line=number, got=named[source]
            )
    return named
