"""Options of what fills and asks a store of scores.

Only the standard library is imported here, as in ``predict_and_score``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.inference.options.predict_and_score import Null, ShiftOptions


@dataclass(frozen=True, kw_only=True)
class AtlasOptions(ShiftOptions):
    """Options of an atlas, beside those of its scores.

    Attributes:
        bed: BED file of regions.
        regions: Region strings.
        genes: Annotation (GTF): the bases of its genes; models of the transcribed strand score
            them in genes.
        masked: As of ``ScoreOptions``.
        indels: Also every insertion and deletion of one base.
        fasta: Genome; by default chosen by the card's assembly.
        chrom_map: ``auto``, or a file that maps contig names to the genome's.
    """

    bed: str | Path | None = None
    regions: Sequence[str] = ()
    genes: str | Path | None = None
    masked: bool = False
    indels: bool = False
    fasta: str | Path | None = None
    chrom_map: str | None = None


@dataclass(frozen=True, kw_only=True)
class LookupOptions:
    """Options of a lookup.

    Attributes:
        store: The store.
        settings: Begin of the digest of the settings, where the store has several.
        fasta: Genome; by default chosen by the card's assembly.
        chrom_map: ``auto``, or a file that maps contig names of the VCF to the genome's.
        null: Part of the background that percentiles are within.
        force: Replace an existing output.
    """

    store: str | Path | None = None
    settings: str | None = None
    fasta: str | Path | None = None
    chrom_map: str | None = None
    null: Null = "random"
    force: bool = False
