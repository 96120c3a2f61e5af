"""Places in genes that windows are laid on, from an annotation or a stranded BED file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, cast, get_args

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.files.intervals.chrom_map import load_chrom_map
from zooctl.files.intervals.transcripts import Strand, Transcript, read_transcripts
from zooctl.sequence.contigs import unknown_contig
from zooctl.sequence.numbers import parse_int

Point = Literal["promoter", "polya", "exon"]

_STRANDED = 6  # columns of a BED file with a strand


class Place(NamedTuple):
    """A base of a gene, or an exon; 0-based and half-open.

    Attributes:
        chrom: Contig.
        start: First base.
        end: Base after the last.
        strand: Strand that is transcribed.
        gene: Name of the gene, or of the line of a BED file.
        transcript: The first transcript that it is of; empty for a line of a BED file.
    """

    chrom: str
    start: int
    end: int
    strand: Strand
    gene: str
    transcript: str


def places_of(transcripts: Iterable[Transcript], point: Point) -> list[Place]:
    """Return the places of transcripts, each once for a gene, by contig and position.

    >>> one = Transcript("chr21", 10, 90, "-", "A", "G1", "T1", ((10, 30), (60, 90)))
    >>> [place[1:3] for point in get_args(Point) for place in places_of([one], point)]
    [(89, 90), (10, 11), (10, 30), (60, 90)]
    """
    found: dict[tuple[str, int, int, str, str], Place] = {}
    for one in transcripts:
        for start, end in _spans(one, point):
            key = (one.chrom, start, end, one.strand, one.gene)
            place = Place(one.chrom, start, end, one.strand, one.gene, one.name)
            found.setdefault(key, place)
    return sorted(found.values(), key=lambda place: place[:3])


def _spans(one: Transcript, point: Point) -> Iterator[tuple[int, int]]:
    if point == "exon":
        yield from one.exons
    elif (point == "promoter") == (one.strand == "+"):
        yield one.start, one.start + 1
    else:
        yield one.end - 1, one.end


def read_places(
    point: Point,
    genes: Path | None,
    bed: Path | None,
    contigs: Mapping[str, int],
    chrom_map: str | None = None,
) -> list[Place]:
    """Return the places of a GTF, or of a BED file with strands, in a genome's names.

    Of a line of a BED file the first base on its strand is the promoter, the last one the end of
    the transcript, and the whole an exon.

    Args:
        point: Kind of the places.
        genes: The GTF; places on contigs that the genome lacks are left out.
        bed: The BED file, in its place.
        contigs: Lengths of the genome's contigs.
        chrom_map: ``auto``, or a file that maps contig names to the genome's.

    Raises:
        InputError: Not exactly one file is given, it cannot be read, or it has no place.
    """
    if (genes is None) == (bed is None):
        raise InputError("say which genes", expected="either --genes or --bed")
    if bed is not None:
        given = [_of_line(bed, number, line) for number, line in _lines(bed)]
        path = bed
    else:
        assert genes is not None
        given, path = read_transcripts(genes), genes
    chroms = {one.chrom for one in given}
    names = {chrom: chrom for chrom in chroms if chrom in contigs}
    if genes is not None or chrom_map is not None:
        names |= load_chrom_map(chrom_map or "auto", chroms, contigs)
    elif missing := sorted(chroms - names.keys()):
        raise unknown_contig(missing[0], contigs, path=path)
    placed = [one._replace(chrom=names[one.chrom]) for one in given if one.chrom in names]
    inside = [one for one in placed if one.end <= contigs[one.chrom]]
    if not inside:
        raise InputError("no gene lies on a contig of the genome", path=path)
    return places_of(inside, point)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in read_lines(path):
        if line.strip() and not line.startswith(("#", "track", "browser")):
            yield number, line


def _of_line(path: Path, number: int, line: str) -> Transcript:
    """Return a line of a BED file as a transcript of one exon."""
    columns = line.split("\t")
    start = end = None
    if len(columns) >= _STRANDED:
        start, end = parse_int(columns[1]), parse_int(columns[2])
    if start is None or end is None or start >= end or columns[5] not in get_args(Strand):
        raise InputError(
            "not a line of a BED file with strands",
            path=path,
            line=number,
            got=repr(line[:60]),
            expected="chrom, start, end, name, score, + or -",
        )
    strand = cast(Strand, columns[5])
    return Transcript(columns[0], start, end, strand, columns[3], columns[3], "", ((start, end),))
