"""Scores of variants that a caller names, as rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from zooctl.errors import InputError
from zooctl.files.disk.pinned import file_digest
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.transcripts import GeneIndex
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import (
    DEFAULT_SHIFTS,
    CheckRef,
    ShiftOptions,
    Statistic,
)
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.inference.tracks.choose import mean_unit, require_anywhere, tracks_of
from zooctl.inference.tracks.data_frames import to_frame
from zooctl.inference.variants.exons.exon_scorer import ExonScorer, exons_near
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.placed_scorer import PlacedScorer
from zooctl.inference.variants.remember import RememberingScorer, StoreContext
from zooctl.inference.variants.scorer import (
    DEFAULT_DISTANCE,
    DEFAULT_N_SHIFTS,
    Scorer,
    VariantModel,
)
from zooctl.inference.variants.shift_robust_statistics import MEAN_TRACK, NO_PLACE
from zooctl.inference.variants.shifts import default_max_shift
from zooctl.progress import Advance, Say, no_advance, silent
from zooctl.schema.scoring import Scoring
from zooctl.sequence.alleles import Allele

NEAR: tuple[Statistic, ...] = ("local", "delta")
"""Statistics of bases within a distance of the change."""

_LETTERS = r"(?P<ref>[A-Za-z]+){}(?P<alt>[A-Za-z]+)"
_VARIANTS = (
    re.compile(r"(?P<chrom>.+):(?P<pos>[0-9,]+)[ :]?" + _LETTERS.format(">")),
    # As Ensembl and others join the columns of a VCF, and as gnomAD does.
    re.compile(r"(?P<chrom>.+):(?P<pos>[0-9,]+):" + _LETTERS.format(":")),
    re.compile(r"(?P<chrom>.+)-(?P<pos>[0-9,]+)-" + _LETTERS.format("-")),
)


class VariantScore(NamedTuple):
    """Effect of one allele on one track.

    Attributes:
        chrom: Contig.
        start: First base of REF, 0-based (a VCF's POS less 1).
        ref: REF.
        alt: ALT.
        track: Name of the track; ``MEAN`` for the mean of all.
        statistic: Comparison of REF and ALT (see ``variants.shift_robust_statistics``).
        kind: ``log2_ratio``, ``difference`` in the track's unit, or ``bits``.
        status: ``OK``, flags such as ``EDGE+N``, or the reason why there is no score.
        score: The score.
        sd: Standard deviation over shifts of the score of one shift.
        ref_value: Prediction for REF that the score is of: the mean over the compared bases and
            shifts or, where the score has a place, the mean over shifts there.
        alt_value: The same for ALT.
        place: Base of the score, 0-based; None where it is not of one base.
    """

    chrom: str
    start: int
    ref: str
    alt: str
    track: str
    statistic: str
    kind: str
    status: str
    score: float
    sd: float
    ref_value: float
    alt_value: float
    place: int | None


@dataclass(frozen=True)
class VariantScores(Sequence[VariantScore]):
    """Scores of variants: a row for each allele, track and score, in the order of the alleles."""

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

    ``chr21:39731913 A>C``, ``chr21:39731913:A:C`` and ``chr21-39731913-A-C`` are the same.

    Raises:
        InputError: It is none.

    >>> parse_variant("chr21:39,731,913 A>C")
    Allele(chrom='chr21', start=39731912, ref='A', alt='C')
    >>> parse_variant("21-39731913-A-C")
    Allele(chrom='21', start=39731912, ref='A', alt='C')
    """
    found = _match(text)
    position = 0 if found is None else int(found["pos"].replace(",", "") or 0)
    if found is None or position < 1:
        raise InputError("not a variant", got=repr(text), expected="such as chr21:39731913 A>C")
    return Allele(found["chrom"], position - 1, found["ref"], found["alt"])


def is_variant(text: str) -> bool:
    """Say whether a text has the form of a variant; one with ``>`` is meant as one.

    >>> is_variant("chr21:39731913:A:C"), is_variant("chr21:39731913-39731920")
    (True, False)
    """
    return ">" in text or _match(text) is not None


def _match(text: str) -> re.Match[str] | None:
    found = (form.fullmatch(text.strip()) for form in _VARIANTS)
    return next(filter(None, found), None)


def _alleles(variants: str | Allele | Iterable[str | Allele]) -> list[Allele]:
    """Return one variant, or several, as alleles."""
    given = [variants] if isinstance(variants, (str, Allele)) else variants
    return [parse_variant(one) if isinstance(one, str) else one for one in given]


def shifts_of(model: OpenModel, options: ShiftOptions) -> tuple[int, int | None]:
    """Return number and largest of the shifts; what options leave open is as the card says."""
    usual = model.card.scoring or Scoring()
    if options.n_shifts is not None and options.n_shifts != usual.shifts:
        return options.n_shifts, options.max_shift
    n_shifts = DEFAULT_N_SHIFTS if usual.shifts is None else usual.shifts
    return n_shifts, usual.max_shift if options.max_shift is None else options.max_shift


def open_scorer(
    model: OpenModel,
    genome: Genome,
    options: ShiftOptions,
    check_ref: CheckRef,
    genes: GeneIndex | None = None,
    masked: bool = False,
    *,
    annotation: str | Path | None = None,
    say: Say = silent,
    even: bool = False,
    inside: bool = False,
) -> Scorer:
    """Return a scorer of a model on a genome; what options leave open is as the card says.

    Genes are passed over by models that do not read the transcribed strand. Scores on a genome that
    is in no file are not looked for in a store.

    Args:
        model: The model.
        genome: The genome.
        options: Statistics, shifts, strands, and a store.
        check_ref: As of ``Scorer``.
        genes: As of ``Scorer``.
        masked: As of ``Scorer``.
        annotation: The file of the genes.
        say: Told about the store.
        even: As of ``Scorer``; such scores are not looked for in a store.
        inside: Likewise; windows that are moved share nothing, so they are predicted one by one.

    Raises:
        InputError: The model is read at places in genes alone; or as ``Scorer``.
    """
    usual = model.card.scoring or Scoring()
    if usual.combined is None or annotation is None:
        way = " without --genes" if usual.combined else ""
        require_anywhere(model.card, f"scores no variants along a genome{way}")
    n_shifts, max_shift = shifts_of(model, options)
    distance = options.distance
    if distance is None:
        distance = DEFAULT_DISTANCE if usual.distance is None else usual.distance
    statistics = options.statistics or usual.statistics or ("sum",)
    network = VariantModel.of(model.card, model.graph)
    if max_shift is None:
        max_shift = default_max_shift(network.geometry)
    if model.card.any_length and set(statistics) <= set(NEAR):
        network = network.around(distance, max_shift)
    chosen: dict[str, Any] = {
        "n_shifts": n_shifts,
        "max_shift": max_shift,
        "seed": options.seed,
        "even": even,
        "inside": inside,
        "reverse_complement": options.rc,
        "genes": genes if network.transcribed else None,
        "masked": masked,
        "statistics": statistics,
        "distance": distance,
        "mean_track": options.mean_track,
        "check_ref": check_ref,
        "batch_size": model.options.batch_size,
        "threads": model.options.threads,
        "device": model.hardware,
        "engine": "plain" if inside else model.options.engine,
    }
    if usual.combined is not None and annotation is not None:
        assert model.card.reads_at is not None
        exons = exons_near(model.card, Path(annotation), genome)
        return ExonScorer(network, genome, exons, model.card.reads_at.offset, **chosen)
    if model.reads_more:
        session = model.session
        assert isinstance(session, SeveralInputs)
        return PlacedScorer(network, genome, session, **chosen)
    if options.store is None or even or inside or not isinstance(genome, Fasta):
        return Scorer(network, genome, **chosen)
    of_genes = annotation if chosen["genes"] is not None else None
    return RememberingScorer(network, genome, _origin(model, options, of_genes, say), **chosen)


def _origin(
    model: OpenModel, options: ShiftOptions, annotation: str | Path | None, say: Say
) -> StoreContext:
    """Return the store of a model's scores, and what they are of."""
    by_gene = annotation is not None
    predicted = tracks_of(model.card, by_gene=by_gene)
    tracks = [(track.name, track.unit) for track in predicted]
    if options.mean_track:
        tracks.append((MEAN_TRACK, mean_unit(predicted)))
    facts = {
        "model": model.card.name,
        "version": model.card.version,
        "weights": model.weights_digest,
        "assembly": model.card.assembly,
        "tracks": tracks,
    }
    genes = "" if annotation is None else file_digest(Path(annotation))
    return StoreContext(Path(options.store or ""), facts, genes, say)


def score_alleles(
    model: OpenModel,
    variants: str | Allele | Iterable[str | Allele],
    genome: Genome,
    options: ShiftOptions = DEFAULT_SHIFTS,
    check_ref: CheckRef = "skip",
    *,
    inside: bool = False,
    say: Say = silent,
    advance: Advance = no_advance,
) -> VariantScores:
    """Score variants against a genome, all tracks.

    Args:
        model: The model.
        variants: One or several, as text (1-based) or alleles, in the genome's contig names.
        genome: The genome.
        options: Statistics, shifts, strands, and a store.
        check_ref: Treatment of alleles whose REF differs from the genome.
        inside: Contigs are constructs: windows lie at even distances, and are kept inside.
        say: Told about the store.
        advance: Called with the number of alleles scored.

    Raises:
        InputError: A text is no variant; shifts or statistics that do not fit the model; or
            ``check_ref`` is ``fail`` and a REF differs.
        VerificationError: A prediction is not a finite number.
    """
    chosen = _alleles(variants)
    names = [track.name for track in tracks_of(model.card)]
    if options.mean_track:
        names.append(MEAN_TRACK)
    scorer = open_scorer(model, genome, options, check_ref, say=say, even=inside, inside=inside)
    results = []
    with closing(scorer.score([allele] for allele in chosen)) as scored:
        for (result,) in scored:
            results.append(result)
            advance(1)
    pairs = zip(chosen, results, strict=True)
    return VariantScores(tuple(row for pair in pairs for row in rows_of(*pair, names, scorer)))


def rows_of(
    allele: Allele, scored: ScoredAllele, names: Sequence[str], scorer: Scorer
) -> Iterator[VariantScore]:
    """Yield the scores of an allele, a row a track and score."""
    for track, name in enumerate(names):
        for of, found in zip(scorer.measures, scored.measured, strict=True):
            score, sd, ref, alt = (
                float(values[track]) for values in (found.score, found.sd, found.ref, found.alt)
            )
            place = None if found.place[track] == NO_PLACE else int(found.place[track])
            status = str(scored.status)
            yield VariantScore(*allele, name, *of, status, score, sd, ref, alt, place)
