"""Look for known motifs in regions of a genome, and write the hits as BED."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zooctl.catalog.genomes import find_genome, open_genome
from zooctl.errors import InputError, need
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.bgzf import END, bgzip_blocks
from zooctl.files.disk.names import file_named
from zooctl.files.intervals.regions import Regions
from zooctl.files.motifs import Motif
from zooctl.inference.genome import Genome
from zooctl.interpret.motif_search.fimo import find_hits
from zooctl.interpret.motif_search.motif_collections import choose_motifs
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.intervals import Interval, merge
from zooctl.sequence.onehot import N

HEADER = ("#chrom", "start", "end", "name", "score", "strand", "log_odds", "p_value")
"""Columns of the output: BED of six, the score of FIMO, and its p value."""

# Bases that are looked at together: one-hot of them takes four times as many bytes.
_AT_ONCE = 16_000_000
# Scores of a BED file end here.
_HIGHEST = 1000


@dataclass(frozen=True)
class ScanOptions:
    """Options of a scan.

    Attributes:
        names: Motifs of the collection; empty for all.
        threshold: p value that a site falls below.
        both_strands: Look at the other strand, too.
        assembly: Name of the genome, where no file is given.
        fasta: File of the genome.
        clip: Cut regions that go beyond their contig.
        force: Replace an existing output.
    """

    names: tuple[str, ...] = ()
    threshold: float = 1e-4
    both_strands: bool = True
    assembly: str | None = None
    fasta: Path | None = None
    clip: bool = False
    force: bool = False


class MotifSite(NamedTuple):
    """A hit of a motif in a genome, 0-based and half-open.

    Attributes:
        chrom: Contig.
        start: First base.
        end: Past the last base.
        motif: Name of the motif.
        strand: ``-`` where it reads from right to left.
        score: log2 odds against equal bases.
        p_value: FIMO's.
    """

    chrom: str
    start: int
    end: int
    motif: str
    strand: str
    score: float
    p_value: float

    @property
    def phred(self) -> int:
        """-10 log10 of the p value, at most 1,000: the score of BED.

        >>> MotifSite("chr1", 0, 9, "box", "+", 12.3, 1e-4).phred
        40
        """
        return min(_HIGHEST, round(-10 * math.log10(self.p_value))) if self.p_value else _HIGHEST

    def line(self) -> str:
        """Return the site as a line of the output."""
        numbers = (f"{self.score:.4f}", f"{self.p_value:.3g}")
        bed = (self.chrom, self.start, self.end, self.motif, self.phred, self.strand)
        return "\t".join(map(str, (*bed, *numbers)))


@dataclass(frozen=True)
class MotifScan:
    """Hits of motifs in regions.

    Attributes:
        sites: The hits, by place; each once, however regions overlap.
        n_motifs: Motifs that were looked for.
        n_bases: Bases that were looked at, of one strand.
        threshold: p value that hits fall below.
    """

    sites: tuple[MotifSite, ...]
    n_motifs: int
    n_bases: int
    threshold: float

    def to_json(self) -> dict[str, Any]:
        """Return the counts."""
        counts = Counter(site.motif for site in self.sites)
        return {
            "sites": len(self.sites),
            "motifs": self.n_motifs,
            "bases": self.n_bases,
            "threshold": self.threshold,
            "sites_by_motif": dict(counts.most_common()),
        }


def scan_regions(
    motifs: Sequence[Motif],
    regions: Sequence[Interval],
    genome: Genome,
    *,
    threshold: float = 1e-4,
    both_strands: bool = True,
    progress: Progress = no_progress,
) -> MotifScan:
    """Look for motifs in regions of a genome; a hit lies in a region with all of its bases.

    Args:
        motifs: The motifs.
        regions: Regions within the genome; those that overlap or touch are one.
        genome: The genome.
        threshold: p value that a hit falls below.
        both_strands: Look at the other strand, too.
        progress: Opens the progress display.

    Raises:
        InputError: memelite is not installed.
    """
    merged = _merge(regions)
    n_bases = sum(region.length for region in merged)
    longest = max(motif.length for motif in motifs)
    sites: list[MotifSite] = []
    with progress(n_bases, "bp", "looking for motifs") as advance:
        for pieces in _batches(merged, longest):
            sites += _scan(pieces, motifs, genome, threshold, both_strands)
            advance(sum(piece.owned for piece in pieces))
    return MotifScan(tuple(sites), len(motifs), n_bases, threshold)


class _Piece(NamedTuple):
    """Part of a region: hits count that begin within its first ``owned`` bases."""

    interval: Interval
    owned: int


def _merge(regions: Sequence[Interval]) -> list[Interval]:
    """Return regions without overlaps, by contig in the order of the first of each, and start."""
    merged = []
    for chrom in dict.fromkeys(region.chrom for region in regions):
        own = sorted(region for region in regions if region.chrom == chrom)
        starts, ends = merge(
            np.array([one.start for one in own]), np.array([one.end for one in own])
        )
        merged += [Interval(chrom, int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
    return merged


def _batches(regions: Sequence[Interval], longest: int) -> Iterator[list[_Piece]]:
    """Yield pieces of regions, about as many bases at a time as fit; a piece reads past its end."""
    batch: list[_Piece] = []
    filled = 0
    for chrom, start, end in regions:
        while start < end:
            stop = min(end, start + _AT_ONCE - filled)
            batch.append(_Piece(Interval(chrom, start, min(end, stop + longest - 1)), stop - start))
            filled += stop - start
            start = stop
            if filled == _AT_ONCE:
                yield batch
                batch, filled = [], 0
    if batch:
        yield batch


def _scan(
    pieces: Sequence[_Piece],
    motifs: Sequence[Motif],
    genome: Genome,
    threshold: float,
    both_strands: bool,
) -> Iterator[MotifSite]:
    """Yield the hits of pieces, which lie behind each other with an unknown base between them."""
    parts = [genome.padded_codes(*piece.interval) for piece in pieces]
    between = np.full(1, N, dtype=np.uint8)
    codes = np.concatenate([one for part in parts for one in (part, between)])
    offsets = np.cumsum([0, *(len(part) + 1 for part in parts[:-1])])
    hits = find_hits(motifs, codes, threshold, both_strands=both_strands)
    numbers = np.searchsorted(offsets, hits.start, side="right") - 1
    for number, motif, start, end, reverse, score, p_value in zip(
        *(numbers.tolist(), *(values.tolist() for values in hits)), strict=True
    ):
        piece, offset = pieces[number], int(offsets[number])
        if start - offset < piece.owned:
            shift = piece.interval.start - offset
            strand = "-" if reverse else "+"
            place = (piece.interval.chrom, start + shift, end + shift)
            yield MotifSite(*place, motifs[motif].name, strand, score, p_value)


def write_sites(scan: MotifScan, output: Path, *, force: bool = False) -> None:
    """Write the hits as BED with a header, bgzipped where the name ends in .gz.

    Raises:
        InputError: The output cannot be written.
    """
    lines = ["\t".join(HEADER), *(site.line() for site in scan.sites)]
    text = ("\n".join(lines) + "\n").encode()
    with atomic_output(output, force=force) as temporary:
        temporary.write_bytes(bgzip_blocks(text) + END if output.suffix == ".gz" else text)


def scan_file(
    collection: str,
    regions: Regions,
    output: Path,
    options: ScanOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> MotifScan:
    """Find the sites of a collection's motifs in regions and write them.

    Args:
        collection: ``hocomoco``, ``jaspar``, or the path of a file of motifs.
        regions: Regions of the genome.
        output: A .bed or .bed.gz.
        options: Motifs, threshold and genome.
        say: Told of the genome and of what was taken for granted.
        progress: Opens the progress displays.

    Raises:
        InputError: Motifs, regions, genome or output do not fit, or memelite is not installed.
    """
    need("memelite", "looking for motifs")
    output = file_named(output, (".bed", ".bed.gz"))
    check_output(output, options.force, inputs=[regions.bed.path] if regions.bed else ())
    motifs = choose_motifs(collection, options.names, say)
    if options.assembly is None and options.fasta is None:
        raise InputError("say which genome", expected="--assembly or --fasta")
    paths, description = find_genome(options.assembly or "", options.fasta)
    say(f"genome: {description}")
    with open_genome(options.assembly or "genome", paths, progress) as genome:
        found = scan_regions(
            motifs,
            regions.within(genome.contigs, clip=options.clip),
            genome,
            threshold=options.threshold,
            both_strands=options.both_strands,
            progress=progress,
        )
    write_sites(found, output, force=options.force)
    return found
