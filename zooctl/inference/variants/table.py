"""Scores of variants that a caller names, as rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

from zooctl.errors import InputError
from zooctl.inference.data_frames import to_frame
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options import DEFAULT_SHIFTS, CheckRef, ShiftOptions
from zooctl.inference.variants.shift_robust_score import ScoredAllele, Scorer, VariantModel
from zooctl.sequence.alleles import Allele

_VARIANT = re.compile(r"(?P<chrom>.+):(?P<pos>[0-9,]+)[ :]?(?P<ref>[A-Za-z]+)>(?P<alt>[A-Za-z]+)")


class VariantScore(NamedTuple):
    """Effect of one allele on one track.

    Attributes:
        chrom: Contig.
        start: First base of REF, 0-based (a VCF's POS less 1).
        ref: REF.
        alt: ALT.
        track: Name of the track.
        status: ``OK``, flags such as ``EDGE+N``, or the reason why there is no score.
        score: log2(ALT / REF), or ALT minus REF where the card's scale is not ``signal``.
        sd: Standard deviation over shifts of the score of one shift.
        ref_mean: Mean prediction for REF over the compared bases and shifts.
        alt_mean: The same for ALT.
    """

    chrom: str
    start: int
    ref: str
    alt: str
    track: str
    status: str
    score: float
    sd: float
    ref_mean: float
    alt_mean: float


@dataclass(frozen=True)
class VariantScores(Sequence[VariantScore]):
    """Scores of variants: one row for each allele and track, in the order of the alleles."""

    rows: tuple[VariantScore, ...]

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def to_frame(self) -> Any:
        """Return a data frame with the fields of ``VariantScore`` as columns.

        Raises:
            InputError: Neither pandas nor polars is installed.
        """
        fields = VariantScore._fields
        return to_frame({name: [getattr(row, name) for row in self.rows] for name in fields})


def parse_variant(text: str) -> Allele:
    """Read a variant as people type it: contig, 1-based position, REF and ALT.

    Raises:
        InputError: It is none.

    >>> parse_variant("chr21:39,731,913 A>C")
    Allele(chrom='chr21', start=39731912, ref='A', alt='C')
    """
    found = _VARIANT.fullmatch(text.strip())
    position = 0 if found is None else int(found["pos"].replace(",", "") or 0)
    if found is None or position < 1:
        raise InputError("not a variant", got=repr(text), expected="such as chr21:39731913 A>C")
    return Allele(found["chrom"], position - 1, found["ref"], found["alt"])


def _alleles(variants: str | Allele | Iterable[str | Allele]) -> list[Allele]:
    """Return one variant, or several, as alleles."""
    given = [variants] if isinstance(variants, (str, Allele)) else variants
    return [parse_variant(one) if isinstance(one, str) else one for one in given]


def open_scorer(
    model: OpenModel, genome: Genome, options: ShiftOptions, check_ref: CheckRef
) -> Scorer:
    """Return a scorer of a model on a genome."""
    return Scorer(
        VariantModel.of(model.card, model.graph),
        genome,
        n_shifts=options.n_shifts,
        max_shift=options.max_shift,
        seed=options.seed,
        reverse_complement=options.rc,
        check_ref=check_ref,
        batch_size=model.options.batch_size,
        threads=model.options.threads,
        device=model.options.device,
    )


def score_alleles(
    model: OpenModel,
    variants: str | Allele | Iterable[str | Allele],
    genome: Genome,
    options: ShiftOptions = DEFAULT_SHIFTS,
    check_ref: CheckRef = "skip",
) -> VariantScores:
    """Score variants against a genome, all tracks.

    Args:
        model: The model.
        variants: One or several, as text (1-based) or alleles, in the genome's contig names.
        genome: The genome.
        options: Shifts and strands.
        check_ref: Treatment of alleles whose REF differs from the genome.

    Raises:
        InputError: A text is no variant; shifts that do not fit the window; or ``check_ref`` is
            ``fail`` and a REF differs.
        VerificationError: A prediction is not a finite number.
    """
    chosen = _alleles(variants)
    names = [track.name for track in model.card.tracks]
    scorer = open_scorer(model, genome, options, check_ref)
    with closing(scorer.score([allele] for allele in chosen)) as scored:
        results = [result for (result,) in scored]
    pairs = zip(chosen, results, strict=True)
    return VariantScores(tuple(row for pair in pairs for row in _rows(*pair, names)))


def _rows(allele: Allele, scored: ScoredAllele, names: Sequence[str]) -> Iterator[VariantScore]:
    for track, name in enumerate(names):
        arrays = (scored.score, scored.sd, scored.ref, scored.alt)
        yield VariantScore(
            *allele, name, str(scored.status), *(float(one[track]) for one in arrays)
        )
