"""Options of attribution and mutagenesis, each with its default; the command line offers the same.

Only the standard library is imported here, so that ``zooctl --help`` can read the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Method = Literal["ism", "saliency", "input_x_gradient", "deeplift", "integrated_gradients"]
"""Mutagenesis works for every entry; the others need a recipe and safetensors."""

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
        motifs: Collection of known motifs (``hocomoco``, ``jaspar``), a file of them, or ``none``.
        reach: Bases on each side that are drawn as letters and looked through for motifs.
        shifts: Windows that a score is the mean over; by default as the card says, else 20.
        references: Dinucleotide-shuffled references of a window.
        seed: Seed of shifts and references.
        rc: Average over both strands.
        fasta: Genome; by default chosen by the card's assembly.
    """

    track: str | None = None
    method: Method | None = None
    motifs: str = "hocomoco"
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


LONGEST_REACH = 100
"""bp, as many letters as a page holds on each side."""

LONGEST_DELETION = 100
"""bp; longer ones are no small changes."""

DEFAULT_ATTRIBUTION = AttributeOptions()
