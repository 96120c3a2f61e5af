"""Every SNV of regions, and if asked for every insertion and deletion of one base, into a store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from zooctl.errors import InputError
from zooctl.files.intervals.regions import read_regions
from zooctl.files.intervals.transcripts import GeneIndex
from zooctl.inference.device.announce_remarks import announce
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ScoreOptions, as_path
from zooctl.inference.options.store import AtlasOptions
from zooctl.inference.variants.remember import RememberingScorer
from zooctl.inference.variants.table import open_scorer
from zooctl.inference.vcf.setup import read_genes
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import BASES, decode

_PIECE = 1 << 16  # bases read at once


@dataclass(frozen=True)
class Atlas:
    """What an atlas came to.

    Attributes:
        bases: Bases of its regions.
        statuses: Number of alleles by status.
        n_found: Alleles that the store had before.
        seconds: Time that it took.
    """

    bases: int
    statuses: dict[str, int]
    n_found: int
    seconds: float

    @property
    def alleles(self) -> int:
        """Number of alleles."""
        return sum(self.statuses.values())


def fill(
    model: OpenModel,
    options: AtlasOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Atlas:
    """Score every SNV of regions into a store; what it has already is left as it is.

    Args:
        model: The model.
        options: Store, regions, and settings of the scores.
        say: Told about the genome, the device and the store.
        progress: Opens the progress displays.

    Raises:
        InputError: No store or no regions are named, or as ``Scorer``.
        VerificationError: A prediction is not a finite number.
    """
    if options.store is None:
        raise InputError("an atlas fills a store", hint="name its folder with --store")
    given = [options.bed is not None, bool(options.regions), options.genes is not None]
    if sum(given) != 1:
        raise InputError("say which regions", expected="one of --bed, --region and --genes")
    with model.genome(as_path(options.fasta), say, progress) as genome:
        scoring = ScoreOptions(genes=options.genes, chrom_map=options.chrom_map)
        genes = read_genes(scoring, genome)
        intervals = _merged(_intervals(options, genes, genome))
        scorer = open_scorer(
            model,
            genome,
            options,
            "skip",
            genes,
            options.masked,
            annotation=options.genes,
            say=say,
        )
        assert isinstance(scorer, RememberingScorer)
        announce([(model.card, scorer)], say)
        bases = sum(interval.end - interval.start for interval in intervals)
        records = (alleles for one in intervals for alleles in _alleles(one, genome, options))
        statuses: Counter[str] = Counter()
        began = time.monotonic()
        with (
            progress(bases, "bases", model.card.name) as tell,
            closing(scorer.score(records)) as it,
        ):
            for scored in it:
                statuses.update(str(one.status) for one in scored)
                tell(1)
        seconds = time.monotonic() - began
        return Atlas(bases, dict(statuses), scorer.n_found, seconds)


def _intervals(
    options: AtlasOptions, genes: GeneIndex | None, genome: Genome
) -> Sequence[Interval]:
    if genes is not None:
        return [Interval(gene.chrom, gene.start, gene.end) for gene in genes.all()]
    regions = read_regions(as_path(options.bed), options.regions)
    return regions.within(genome.contigs, chrom_map=options.chrom_map)


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Return intervals by place, so that no base is in two.

    >>> _merged([Interval("chr1", 5, 9), Interval("chr1", 1, 6), Interval("chr1", 20, 21)])
    [Interval(chrom='chr1', start=1, end=9), Interval(chrom='chr1', start=20, end=21)]
    """
    found: list[Interval] = []
    for one in sorted(intervals):
        if found and found[-1].chrom == one.chrom and one.start <= found[-1].end:
            last = found.pop()
            one = last._replace(end=max(last.end, one.end))
        found.append(one)
    return found


def _alleles(interval: Interval, genome: Genome, options: AtlasOptions) -> Iterator[list[Allele]]:
    """Yield the alleles of each base; none at unknown ones."""
    for low in range(interval.start, interval.end, _PIECE):
        high = min(low + _PIECE, interval.end)
        letters = decode(genome.padded_codes(interval.chrom, low - 1, high))
        for at in range(low, high):
            before, base = letters[at - low], letters[at - low + 1]
            found = []
            if base in BASES:
                found = [Allele(interval.chrom, at, base, alt) for alt in BASES if alt != base]
                if options.indels and before in BASES and at > 0:
                    found += _indels(interval, at, before, base)
            yield found


def _indels(interval: Interval, at: int, before: str, base: str) -> Iterator[Allele]:
    """Yield the deletion of a base, and the insertions before it, each of its kind once.

    Of a run of equal bases the first stands for all, as it does in the normal form.
    """
    if base != before or at == interval.start:
        yield Allele(interval.chrom, at - 1, before + base, before)
    for added in BASES:
        if added != before or at == interval.start:
            yield Allele(interval.chrom, at - 1, before, before + added)
