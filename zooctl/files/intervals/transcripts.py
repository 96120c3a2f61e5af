"""Read genes, transcripts and exons from a GTF, as GENCODE and Ensembl write it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.sequence.numbers import parse_int

Strand = Literal["+", "-"]

_COLUMNS = 9
_ATTRIBUTE = re.compile(r'(\w+) "([^"]*)"')


class Transcript(NamedTuple):
    """A transcript; coordinates are 0-based and half-open.

    Attributes:
        chrom: Contig.
        start: First base.
        end: Base after the last.
        strand: Strand that is transcribed.
        gene: Name of its gene, or the identifier where it has no name.
        gene_id: Identifier of its gene.
        name: Identifier.
        exons: Its exons in the order of the genome.
    """

    chrom: str
    start: int
    end: int
    strand: Strand
    gene: str
    gene_id: str
    name: str
    exons: tuple[tuple[int, int], ...]


class Gene(NamedTuple):
    """A gene: the stretch of all its transcripts.

    Attributes:
        chrom: Contig.
        start: First base, 0-based.
        end: Base after the last.
        strand: Strand that is transcribed.
        name: Its name.
        ends: First and last bases of its exons, 0-based, sorted.
    """

    chrom: str
    start: int
    end: int
    strand: Strand
    name: str
    ends: tuple[int, ...]


@dataclass
class _Found:
    """What lines told of one transcript."""

    chrom: str
    strand: Strand
    gene: str
    gene_id: str
    exons: list[tuple[int, int]] = field(default_factory=list)


def read_transcripts(path: str | os.PathLike[str]) -> list[Transcript]:
    """Return the transcripts of a GTF with their exons, in the order of the file.

    Args:
        path: GTF, plain or gzipped; its features ``exon`` are read, with ``transcript_id`` and
            ``gene_id``, and ``gene_name`` where there is one.

    Raises:
        InputError: The file is no GTF, an exon has no strand or no identifier, or there is none.
    """
    found: dict[str, _Found] = {}
    for number, line in read_lines(Path(path)):
        if line.startswith("#") or not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) != _COLUMNS:
            raise _no_gtf(path, number, line)
        if columns[2] == "exon":
            _add(found, columns, path, number)
    if not found:
        raise InputError("no exons", path=path, expected="features exon of a GTF")
    return [_transcript(name, one) for name, one in found.items()]


def _add(
    found: dict[str, _Found], columns: Sequence[str], path: str | os.PathLike[str], number: int
) -> None:
    """Add one exon to its transcript."""
    start, end = parse_int(columns[3]), parse_int(columns[4])
    known = dict(_ATTRIBUTE.findall(columns[8]))
    name, gene_id = known.get("transcript_id"), known.get("gene_id")
    if start is None or end is None or not 1 <= start <= end or not name or not gene_id:
        raise _no_gtf(path, number, "\t".join(columns))
    if columns[6] not in ("+", "-"):
        raise InputError(
            "an exon has no strand", path=path, line=number, got=columns[6], expected="+ or -"
        )
    gene = known.get("gene_name") or gene_id
    strand = cast(Strand, columns[6])
    one = found.setdefault(name, _Found(columns[0], strand, gene, gene_id))
    if (one.chrom, one.strand) != (columns[0], strand):
        # The two halves of the pseudo-autosomal regions have one name in old annotations.
        other = f"{name} {columns[0]}{strand}"
        one = found.setdefault(other, _Found(columns[0], strand, gene, gene_id))
    one.exons.append((start - 1, end))


def _no_gtf(path: str | os.PathLike[str], number: int, line: str) -> InputError:
    return InputError(
        "not a line of a GTF",
        path=path,
        line=number,
        got=repr(line[:60]),
        expected='nine columns, the last with gene_id "…"; transcript_id "…";',
    )


def _transcript(name: str, one: _Found) -> Transcript:
    exons = tuple(sorted(set(one.exons)))
    end = max(end for _, end in exons)
    return Transcript(one.chrom, exons[0][0], end, one.strand, one.gene, one.gene_id, name, exons)


def genes_of(transcripts: Sequence[Transcript]) -> list[Gene]:
    """Return the genes of transcripts, by place: those of one identifier, contig and strand.

    >>> one = Transcript("chr21", 10, 90, "+", "A", "G1", "T1", ((10, 30), (60, 90)))
    >>> genes_of([one, one._replace(end=99, exons=((10, 30), (70, 99)))])[0].ends
    (10, 29, 60, 70, 89, 98)
    """
    by_gene: dict[tuple[str, str, Strand], list[Transcript]] = {}
    for one in transcripts:
        by_gene.setdefault((one.gene_id, one.chrom, one.strand), []).append(one)
    genes = []
    for (_, chrom, strand), own in by_gene.items():
        ends = {end for one in own for start, stop in one.exons for end in (start, stop - 1)}
        start, stop = min(one.start for one in own), max(one.end for one in own)
        genes.append(Gene(chrom, start, stop, strand, own[0].gene, tuple(sorted(ends))))
    return sorted(genes, key=lambda gene: gene[:3])


class GeneIndex:
    """Genes by place.

    Args:
        genes: In any order.
    """

    def __init__(self, genes: Sequence[Gene]) -> None:
        by_chrom: dict[str, list[Gene]] = {}
        for gene in sorted(genes, key=lambda gene: gene[:3]):
            by_chrom.setdefault(gene.chrom, []).append(gene)
        self._genes: Mapping[str, list[Gene]] = by_chrom
        self._starts = {c: np.array([gene.start for gene in own]) for c, own in by_chrom.items()}
        self._most = {
            c: np.maximum.accumulate([gene.end for gene in own]) for c, own in by_chrom.items()
        }

    def all(self) -> list[Gene]:
        """Return all genes, by contig and start."""
        return [gene for own in self._genes.values() for gene in own]

    def over(self, chrom: str, position: int) -> list[Gene]:
        """Return the genes over a base, 0-based, by their starts."""
        return list(self._over(chrom, position))

    def _over(self, chrom: str, position: int) -> Iterator[Gene]:
        if chrom not in self._genes:
            return
        # Behind the last that starts too late, back to where no earlier one reaches the base.
        last = int(np.searchsorted(self._starts[chrom], position, side="right"))
        first = int(np.searchsorted(self._most[chrom], position, side="right"))
        for gene in self._genes[chrom][first:last]:
            if gene.end > position:
                yield gene
