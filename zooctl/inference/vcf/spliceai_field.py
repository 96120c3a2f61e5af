"""The INFO field of SpliceAI, which annotators as VEP and slivar read.

``ALLELE|SYMBOL|DS_AG|DS_AL|DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL``: for each ALT and gene the delta
scores of acceptor gain and loss and of donor gain and loss, with two decimals, and their distances
from POS in bp (Jaganathan et al. 2019, doi:10.1016/j.cell.2018.12.015, and its released program).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.vcf.annotate import Field
from zooctl.files.vcf.records import Record
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.shift_robust_statistics import Measured
from zooctl.inference.vcf.info_fields import ScoringModel

KEY = "SpliceAI"
_SITES = ("acceptor", "donor")
_WAYS = ("delta_gain", "delta_loss")
_FORMAT = "ALLELE|SYMBOL|DS_AG|DS_AL|DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL"


def splicing_model(models: Sequence[ScoringModel]) -> int:
    """Return the index of the model that the field is of.

    Raises:
        InputError: None scores acceptors and donors in genes by the statistic delta, or several do.
    """
    fit = [
        index
        for index, model in enumerate(models)
        if model.by_gene
        and set(_SITES) <= {track.name for track in model.tracks}
        and set(_WAYS) <= {of.statistic for of in model.measures}
    ]
    if len(fit) != 1:
        raise InputError(
            "the field of SpliceAI is of one model of splice sites in genes",
            got=f"{len(fit)} of them",
            expected="--genes, --statistic delta, and one such model",
        )
    return fit[0]


def spliceai_field(model: ScoringModel) -> Field:
    """Return the field's line of the header."""
    description = (
        f"Delta scores (DS) and positions (DP) of {model.name} for acceptor gain (AG), acceptor "
        f"loss (AL), donor gain (DG), and donor loss (DL). Format: {_FORMAT}"
    )
    source = f"zooctl {__version__} {model.name} weights sha256:{model.weights}"
    return Field(KEY, "String", description, source, model.version, number=".")


def spliceai_text(model: ScoringModel, record: Record, scored: Sequence[ScoredAllele]) -> str:
    """Return the field's value for one record; nothing where no allele has a score in a gene."""
    return ",".join(
        part
        for alt, allele in zip(record.alts, scored, strict=True)
        for part in _genes(model, record, alt, allele)
    )


def _genes(model: ScoringModel, record: Record, alt: str, allele: ScoredAllele) -> Iterator[str]:
    numbers = {track.name: track.number for track in model.tracks}
    ways: dict[str, int] = {of.statistic: index for index, of in enumerate(model.measures)}
    for gene, measured in allele.genes:
        found: list[tuple[Measured, int]] = [
            (measured[ways[way]], numbers[site]) for site in _SITES for way in _WAYS
        ]
        scores = [f"{one.score[track]:.2f}" for one, track in found]
        places = [str(int(one.place[track]) - record.start) for one, track in found]
        # A comma or a bar in a name would end it.
        name = gene.name.replace("|", "_").replace(",", "_").replace(";", "_")
        yield "|".join([alt, name, *scores, *places])
