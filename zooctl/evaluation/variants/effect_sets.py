"""Measured effects of variants by name: published sets, pinned by their digests, or a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.data import locate
from zooctl.errors import InputError
from zooctl.evaluation.variants.figures import FigureName
from zooctl.evaluation.variants.pairs import Pairs
from zooctl.files.intervals.effects import Effect, read_effects
from zooctl.inference.genome import Genome
from zooctl.inference.variants.constructs import Constructs, select_snvs
from zooctl.schema.fields import Licence
from zooctl.schema.recipe.sources import Source
from zooctl.sequence.alleles import Allele
from zooctl.sequence.numbers import parse_float, parse_int

SetName = Literal["mpra_satmut", "mfass", "allele_specific_ctcf", "h3k27ac_qtl"]

# Effects are correlated within a binding site, an exon, and a peak with its neighbours.
SITE, EXON, PEAKS = 10, 10_000, 1_000_000
# The change of inclusion from which Cheung et al. 2019 call a variant disruptive.
_DISRUPTIVE = -0.5


@dataclass(frozen=True)
class EffectSet:
    """Measured SNVs, and the figures that suit them.

    Attributes:
        name: Of the set, or of the table's file.
        effects: The SNVs; those of one element are compared by themselves.
        figures: Figures to compute.
        block_length: bp to a block of the bootstrap.
        genome: Sequence of their own; None for SNVs on a genome.
        alleles: The alleles on that sequence; None for SNVs on a genome.
        inside: Windows are kept inside the sequence of their own.
        distances: bp from the place that the effect is of, ``(n,)``; None where there is none.
        positive_at: Effects at or below it are positive; None where none are.
        motif: Transcription factor whose motif is a baseline; None for no such baseline.
    """

    name: str
    effects: tuple[Effect, ...]
    figures: tuple[FigureName, ...] = ("pearson", "spearman")
    block_length: int = SITE
    genome: Genome | None = None
    alleles: tuple[Allele, ...] | None = None
    inside: bool = False
    distances: NDArray[np.float64] | None = None
    positive_at: float | None = None
    motif: str | None = None

    @property
    def reading(self) -> str:
        """The sequence that the variants are read in."""
        if self.genome is None:
            return "genome"
        return "constructs" if self.inside else "drawn flanks"


def _source(
    name: str, file: str, sha256: str, size: int, licence: Licence, citation: str
) -> Source:
    return Source(
        id=name,
        file=file,
        accession=None,
        url=None,
        sha256=sha256,
        size=size,
        licence=licence,
        citation=citation,
        assembly="hg19",
    )


_MAGGIE = "Shen et al. 2020, doi:10.1093/bioinformatics/btaa476"
MPRA = _source(
    "mpra_satmut",
    "mpra_satmut/elements.tsv.gz",
    "7b2c2ce76c4404db3b701640121441ddd662deaaa6c8fd6c2031bfaf3aa34334",
    1_441_695,
    "LicenseRef-free-with-citation",
    "Kircher et al. 2019, doi:10.1038/s41467-019-11526-w; 16 elements",
)
MFASS = _source(
    "mfass",
    "mfass_hg19/MFASS.chr20_21.tsv",
    "81025a491f3729360244aa96cb75ba066c09bdb3ac6e8219a4f4864bec4271b4",
    99_670,
    "MIT",
    "Cheung et al. 2019, doi:10.1016/j.molcel.2018.10.037; chr20 and chr21",
)
BOUND, NOT_BOUND = (
    _source(
        "allele_specific_ctcf",
        f"allele_specific_ctcf/CTCF_{which}_alleles.fa",
        sha256,
        42_372,
        "GPL-3.0-only",
        _MAGGIE,
    )
    for which, sha256 in (
        ("binding", "9ca69329a3098285593d08df8a508a82552c54bc0a7dd5df91a67ec4bb83d307"),
        ("nonbinding", "a23574d3d47cb34cdb89b019a7e495952c36ba7259129edcc41f3e63cbc93b14"),
    )
)
QTL = _source(
    "h3k27ac_qtl",
    "h3k27ac_qtl_hg19/H3K27ac.chr20_21.vcf",
    "000d2674faf6a54338538837f0892f26ca65bd5305947fbc56693422ea82bf07",
    6_087,
    "GPL-3.0-only",
    f"{_MAGGIE}; chr20 and chr21",
)


def open_set(
    name: str | Path,
    assembly: str,
    *,
    constructs: bool = False,
    min_n: float = 10,
    flank: int = 0,
) -> EffectSet:
    """Return a published set by its name, or that of a table.

    Args:
        name: A ``SetName``, or the path of a tab-separated table (``files.intervals.effects``).
        assembly: UCSC's name of the genome that models read.
        constructs: Elements are read alone, as rebuilt from REF, with windows kept inside.
        min_n: Fewest observations of a SNV, where the table states them.
        flank: bp that a model reads beside a sequence of a pair, at every shift.

    Raises:
        InputError: The file is not here, is no such table, or lies on another assembly; or no SNV
            is left.
        IntegrityError: The file of a published set was changed.
    """
    if constructs and name in ("mfass", "allele_specific_ctcf", "h3k27ac_qtl"):
        raise InputError("this set has no constructs", got=str(name), expected="mpra_satmut")
    if name == "allele_specific_ctcf":
        pairs = Pairs(locate(BOUND).path, locate(NOT_BOUND).path, flank)
        figures: tuple[FigureName, ...] = ("same_sign", "same_sign_larger_half")
        alleles = tuple(pairs.alleles())
        return EffectSet(
            name, pairs.effects, figures, SITE, genome=pairs, alleles=alleles, motif="CTCF"
        )
    if name in ("mfass", "h3k27ac_qtl") and assembly != "hg19":
        raise InputError("the set lies on another assembly", got=assembly, expected="hg19")
    if name == "mfass":
        return _mfass(locate(MFASS).path)
    if name == "h3k27ac_qtl":
        return _qtl(locate(QTL).path)
    path = locate(MPRA).path if name == "mpra_satmut" else Path(name)
    effects = read_effects(path, assembly)
    kept = tuple(select_snvs(effects, min_n))
    if not kept:
        raise InputError("no SNV is left to compare", path=path, got=f"{len(effects):,} variants")
    label = name if name == "mpra_satmut" else path.name
    if not constructs:
        return EffectSet(str(label), kept)
    elements = Constructs(effects)
    alleles = tuple(elements.allele(effect) for effect in kept)
    return EffectSet(str(label), kept, genome=elements, alleles=alleles, inside=True)


def _mfass(path: Path) -> EffectSet:
    """Read changes of inclusion; the distance is to the nearer end of the exon."""
    effects, distances = [], []
    for line, cells in _lines(path, 10):
        chrom, pos, ref, alt = cells[0].split("_")
        start = _int(pos, path, line) - 1
        ends = [_int(cell, path, line) for cell in cells[4:6]]
        effects.append(Effect("exons", chrom, start, ref, alt, _float(cells[9], path, line), None))
        distances.append(min(abs(start - (min(ends) - 1)), abs(start - (max(ends) - 1))))
    return EffectSet(
        "mfass",
        tuple(effects),
        ("auroc", "auprc", "spearman_of_sizes"),
        EXON,
        distances=np.array(distances, float),
        positive_at=_DISRUPTIVE,
    )


def _qtl(path: Path) -> EffectSet:
    """Read QTLs of H3K27ac; the distance is to the middle of the peak."""
    effects, distances = [], []
    for line, cells in _lines(path, 9):
        start, value = _int(cells[1], path, line) - 1, _float(cells[5], path, line)
        effects.append(Effect("peaks", cells[0], start, cells[3], cells[4], value, None))
        distances.append(abs(_float(cells[8], path, line)))
    return EffectSet(
        "h3k27ac_qtl",
        tuple(effects),
        ("same_sign", "spearman", "spearman_of_sizes"),
        PEAKS,
        distances=np.array(distances),
        motif="CTCF",
    )


def _lines(path: Path, n: int) -> Sequence[tuple[int, list[str]]]:
    """Return the cells of each line of a table without a header."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    for line, cells in enumerate(rows, 1):
        if len(cells) != n:
            raise InputError(
                "line has another number of columns",
                path=path,
                line=line,
                got=str(len(cells)),
                expected=str(n),
            )
    return list(enumerate(rows, 1))


def _int(text: str, path: Path, line: int) -> int:
    found = parse_int(text, least=0)
    if found is None:
        raise InputError("not a whole number", path=path, line=line, got=repr(text[:40]))
    return found


def _float(text: str, path: Path, line: int) -> float:
    found = parse_float(text)
    if found is None:
        raise InputError("not a number", path=path, line=line, got=repr(text[:40]))
    return found
