"""A gapped k-mer SVM that is trained on regions, as an entry of the zoo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zooctl.catalog.genomes import find_genome
from zooctl.catalog.new_card import card_fields
from zooctl.errors import InputError, need
from zooctl.evaluation.baselines.gkm import FEWEST, LIBRARIES, train_gkm
from zooctl.evaluation.gkm.windows import windows_around, windows_beside
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.regions import Regions
from zooctl.inference.adopt.gapped_kmers.graph import gkm_geometry, gkm_graph
from zooctl.inference.adopt.gapped_kmers.kernel import GappedKmers
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.onehot import Codes


@dataclass(frozen=True, kw_only=True)
class GkmOptions:
    """Options of training a gapped k-mer SVM on regions.

    Attributes:
        width: Bases of a window, around the middle of each region.
        length: Bases of a gapped k-mer with its gaps, l.
        informative: Bases of it that are not gaps, k.
        cost: Cost of a window on the wrong side.
        most: Windows of each class, spread evenly over the regions.
        seed: Seed of negatives that are drawn.
        fasta: Genome; by default chosen by the assembly.
    """

    width: int = 160
    length: int = 11
    informative: int = 7
    cost: float = 1.0
    most: int = 1000
    seed: int = 0
    fasta: Path | None = None


@dataclass(frozen=True, eq=False)
class GkmEntry:
    """A trained machine as an entry that is not written yet.

    Attributes:
        model: Its graph.
        fields: Its card, without the weights.
        n_positive: Positive windows that it was trained on.
        n_negative: Negative ones.
        n_support: Windows that it rests on.
    """

    model: bytes
    fields: dict[str, Any]
    n_positive: int
    n_negative: int
    n_support: int


def train_gkm_entry(
    positives: Regions,
    negatives: Regions | None,
    card: dict[str, str],
    options: GkmOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> GkmEntry:
    """Train a gapped k-mer SVM on regions.

    Args:
        positives: Regions whose middles are bound, open or the like.
        negatives: Regions that are not; by default places on the same contigs are drawn that have
            about the GC content of the positive windows, and share no base with these.
        card: Name, licence and assembly of the entry, and ``track``, the name of its track.
        options: Lengths, cost, number of windows, seed and genome.
        say: Told about the genome.
        progress: Opens the progress display.

    Raises:
        InputError: Lengths do not fit, too few windows are known, or gkmsvm-lite is not installed.
    """
    need(LIBRARIES, "a gapped k-mer SVM")
    if not options.informative <= options.length <= options.width:
        got = f"k {options.informative}, l {options.length}, width {options.width}"
        raise InputError("the lengths do not fit each other", got=got, expected="k <= l <= width")
    paths, description = find_genome(card["assembly"], options.fasta)
    say(f"genome: {description}")
    width, most = options.width, options.most
    with Fasta(*paths) as genome:
        regions = positives.within(genome.contigs)
        positive = windows_around(genome, regions, width, most)
        if negatives is None:
            negative = windows_beside(genome, regions, positive, options.seed)
        else:
            negative = windows_around(genome, negatives.within(genome.contigs), width, most)
    if min(len(positive), len(negative)) < FEWEST:
        got = f"{len(positive):,} positive and {len(negative):,} negative ones"
        raise InputError("too few windows of known bases", got=got, expected=f"{FEWEST} of each")
    chroms = sorted({one.chrom for one in regions})
    with progress(None, "windows", "training"):
        return _trained(positive, negative, card, chroms, options)


def _trained(
    positive: Codes,
    negative: Codes,
    card: dict[str, str],
    chroms: list[str],
    options: GkmOptions,
) -> GkmEntry:
    counts = len(positive), len(negative)
    kmers = GappedKmers(options.length, options.informative)
    windows = np.concatenate([positive, negative])
    trained = train_gkm(windows, np.repeat([True, False], counts), kmers, options.cost)
    fields = card_fields(
        name=card["name"],
        licence=card["licence"],
        assembly=card["assembly"],
        geometry=gkm_geometry(options.width),
        unknown_base=0,
        tracks=[{"name": card["track"], "unit": "decision value, above 0 positive"}],
        output_scale="logit",
        title=f"Gapped k-mer SVM of {card['track']}, l {kmers.length}, k {kmers.informative}",
        citation="Ghandi et al. 2014, doi:10.1371/journal.pcbi.1003711; trained by gkmsvm-lite",
        split={"train": chroms, "validation": [], "test": []},
        seed=options.seed,
        limits=[
            f"Trained on {counts[0]:,} positive and {counts[1]:,} negative windows.",
            "A decision value is on no scale of its own; it is written as a logit, so that scores "
            "of variants are differences.",
            "Counts the gapped k-mers of a window, wherever in it they lie.",
        ],
    )
    graph = gkm_graph(trained.linear, options.width)
    return GkmEntry(graph, fields, *counts, trained.n_support)
