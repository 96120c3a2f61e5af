"""Options of what interprets a model, each with its default; the command line offers the same.

Only the standard library is imported here, so that ``zooctl --help`` can read the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Method = Literal["ism", "saliency", "input_x_gradient", "deeplift", "integrated_gradients"]
"""Mutagenesis works for every entry; the others need a recipe and safetensors."""

BackgroundKind = Literal["shuffled", "uniform"]
"""Dinucleotide-shuffled stretches of the genome, or bases by chance."""
Way = Literal["greedy", "gradient"]
"""Substitution of the best base, or gradient ascent."""

PICTURES = (".png", ".pdf", ".svg")
"""Endings of pictures."""
AROUND = 256
"""bp around the middle whose bins are averaged."""
MOST_REFERENCES = 1_000
"""References of a window, where the mean has settled at twenty."""
MOST_STEPS = 10_000
"""Points of a quadrature."""
MOST_PICTURES = 1_000
"""Regions drawn, a picture each."""


@dataclass(frozen=True, kw_only=True)
class AttributeOptions:
    """Options of the importance of bases in regions.

    Attributes:
        method: The method.
        track: Name of the track; the only one if not given.
        width: Bases around the middle of each region whose importance is written; by default the
            model's core.
        references: Dinucleotide-shuffled references of a window.
        steps: Points between a reference and its window, of integrated gradients.
        shifts: Windows to average over, of different places.
        max_shift: Largest shift in bp; by default that of scores, as far as the width allows.
        seed: Seed of references and shifts.
        rc: Average over both strands.
        fasta: Genome; by default chosen by the card's assembly.
        chrom_map: ``auto``, or a file that maps contig names of the regions to the genome's.
    """

    method: Method = "deeplift"
    track: str | None = None
    width: int | None = None
    references: int = 20
    steps: int = 50
    shifts: int = 1
    max_shift: int | None = None
    seed: int = 0
    rc: bool = False
    fasta: str | Path | None = None
    chrom_map: str | None = None


@dataclass(frozen=True, kw_only=True)
class MutateOptions:
    """Options of the effects of all small changes in a region.

    Attributes:
        track: Name of the track that is drawn; the only one if not given.
        deletions: Longest deletion beside the SNVs, in bp.
        shifts: Windows to average over; by default as the card says, else 20.
        max_shift: Largest shift in bp; by default as for scores of variants.
        seed: Seed of the shifts.
        rc: Average over both strands.
        fasta: Genome; by default chosen by the card's assembly.
        measured: Table of measured effects, to draw beside.
        element: Element of the table; by default its only one.
        constructs: The element is read alone, as rebuilt from the table's REF.
        min_n: Fewest observations of a measured effect that is drawn.
    """

    track: str | None = None
    deletions: int = 0
    shifts: int | None = None
    max_shift: int | None = None
    seed: int = 0
    rc: bool = False
    fasta: str | Path | None = None
    measured: str | Path | None = None
    element: str | None = None
    constructs: bool = False
    min_n: float = 10


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    """Options of the explanation of a variant or a region.

    Attributes:
        track: Name of the track; the only one if not given.
        method: Method of importances; by default ``deeplift`` where the entry has a network, else
            ``ism``.
        motifs: Collection of known motifs (``jaspar``, ``hocomoco``), a file of them, or ``none``.
        reach: Bases on each side that are drawn as letters and looked through for motifs.
        shifts: Windows that a score is the mean over; by default as the card says, else 20.
        references: Dinucleotide-shuffled references of a window.
        seed: Seed of shifts and references.
        rc: Average over both strands.
        fasta: Genome; by default chosen by the card's assembly.
    """

    track: str | None = None
    method: Method | None = None
    motifs: str = "jaspar"
    reach: int = 40
    shifts: int | None = None
    references: int = 20
    seed: int = 0
    rc: bool = False
    fasta: str | Path | None = None


@dataclass(frozen=True, kw_only=True)
class EmbedOptions:
    """Options of embeddings.

    Attributes:
        rc: Average over both strands.
        fasta: Genome; by default chosen by the card's assembly.
        chrom_map: ``auto``, or a file that maps contig names of the regions to the genome's.
    """

    rc: bool = False
    fasta: str | Path | None = None
    chrom_map: str | None = None


@dataclass(frozen=True, kw_only=True)
class DiscoverOptions:
    """Options of the discovery of motifs.

    Attributes:
        motifs: Collection to compare with; None for none.
        method: Method of attribution.
        track: Name of the track; the only one if not given.
        width: Bases around the middle of each region that are looked through; by default 400, or
            the model's core where that is shorter.
        references: Dinucleotide-shuffled references of a window.
        most_seqlets: Stretches of each sign at most.
        runs: Runs of the clustering.
        seed: Seed of the references.
        rc: Average over both strands.
        fasta: Genome; by default chosen by the card's assembly.
    """

    motifs: str | None = None
    method: Method = "deeplift"
    track: str | None = None
    width: int | None = None
    references: int = 10
    most_seqlets: int = 2000
    runs: int = 10
    seed: int = 0
    rc: bool = False
    fasta: str | Path | None = None


@dataclass(frozen=True, kw_only=True)
class FilterOptions:
    """Options of the filters of a first layer.

    Attributes:
        motifs: Collection that profiles are compared with; None for none.
        n: Windows at random places, where no regions are given.
        threshold: Share of a filter's highest activation that a stretch passes.
        seed: Seed of the places.
        fasta: Genome; by default chosen by the card's assembly.
        clip: Cut regions that go beyond their contig.
    """

    motifs: str | None = None
    n: int = 2000
    threshold: float = 0.5
    seed: int = 0
    fasta: str | Path | None = None
    clip: bool = False


@dataclass(frozen=True, kw_only=True)
class MarginaliseOptions:
    """Options of the effect of a pattern.

    Attributes:
        motifs: Collection that the patterns are named in; without one they are IUPAC letters.
        track: Name of the track; the only one if not given.
        around: Bases around the middle whose bins are averaged.
        n: Backgrounds.
        background: Shuffled stretches of the genome, or bases by chance.
        flanks: Places on each side of the pattern whose bases are compared.
        second: Second pattern.
        spacing: Distances of the second pattern, ``first:last`` or ``first:last:step``.
        occlude: Take sites of the pattern out of the regions in place.
        draws: Draws of an occlusion.
        seed: Seed of backgrounds and of bases that patterns leave open.
        rc: Average over both strands.
        fasta: Genome; by default chosen by the card's assembly.
        clip: Cut regions that go beyond their contig.
    """

    motifs: str | None = None
    track: str | None = None
    around: int = AROUND
    n: int = 1000
    background: BackgroundKind = "shuffled"
    flanks: int = 0
    second: str | None = None
    spacing: str = "-100:100"
    occlude: bool = False
    draws: int = 10
    seed: int = 0
    rc: bool = False
    fasta: str | Path | None = None
    clip: bool = False


@dataclass(frozen=True, kw_only=True)
class DesignOptions:
    """Options of the design of sequences.

    Attributes:
        target: ``high``, ``low``, or a number that the prediction is to come near.
        way: Greedy substitution, or gradient ascent.
        region: Region whose window is changed; None to begin with bases by chance.
        n: Sequences, each from other bases by chance.
        width: Bases in the middle that may change.
        rounds: Changes, or steps, of a sequence at most.
        track: Name of the track; the only one if not given.
        around: Bases around the middle whose bins are averaged.
        least_gc: Smallest share of C and G of the designed bases.
        most_gc: Largest share.
        forbidden: Sites that must not occur, as IUPAC letters.
        l2: Penalty of gradient ascent.
        seed: Seed of bases by chance.
        fasta: Genome; by default chosen by the card's assembly.
    """

    target: str = "high"
    way: Way = "greedy"
    region: str | None = None
    n: int = 1
    width: int = 100
    rounds: int = 30
    track: str | None = None
    around: int = AROUND
    least_gc: float = 0.0
    most_gc: float = 1.0
    forbidden: tuple[str, ...] = ()
    l2: float = 0.01
    seed: int = 0
    fasta: str | Path | None = None


LONGEST_REACH = 100
"""bp, as many letters as a page holds on each side."""

LONGEST_DELETION = 100
"""bp; longer ones are no small changes."""

DEFAULT_ATTRIBUTION = AttributeOptions()
