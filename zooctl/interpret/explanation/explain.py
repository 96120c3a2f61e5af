"""Gather what a report says of a variant or a region."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.files.motifs import Motif
from zooctl.inference.background.find import find_ranker
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ScoreOptions, as_path
from zooctl.inference.tracks.choose import require_anywhere, tracks_of
from zooctl.inference.tracks.region import predict_windows
from zooctl.inference.variants.table import VariantScore, open_scorer, rows_of
from zooctl.interpret.attribution.attribute import Attributions, attribute
from zooctl.interpret.attribution.methods import default_method
from zooctl.interpret.attribution.target import TrackTarget, target_of
from zooctl.interpret.explanation.motifs import (
    ImportantStretch,
    SiteChange,
    changed_sites,
    name_stretches,
)
from zooctl.interpret.explanation.subject import Subject, read_subject
from zooctl.interpret.libraries import SEARCH, libraries_of
from zooctl.interpret.motif_search.motif_collections import read_collection
from zooctl.interpret.options import AttributeOptions, ExplainOptions
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card
from zooctl.sequence.onehot import reverse_complement

NO_MOTIFS = "none"


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a model says of a variant or a region, and why.

    Attributes:
        card: Card of the model.
        subject: Windows and places.
        track: Name of the track that is explained.
        unit: Its unit.
        predicted: Predictions of the track, ``(1 or 2, n_bins)``, over the output of the windows.
        bin_starts: First base of each bin, ``(n_bins,)``.
        importance: Importance of the bases drawn.
        first: First of them on the contig.
        scores: Scores of the variant, all tracks; none for a region.
        percentiles: Percentile of each score in the model's background; NaN where there is none.
        stretches: Bases that matter, with names.
        sites: Sites of known motifs that the variant changes.
        motifs: Name of the collection.
    """

    card: Card
    subject: Subject
    track: str
    unit: str
    predicted: NDArray[np.float32]
    bin_starts: NDArray[np.int64]
    importance: Attributions
    first: int
    scores: tuple[VariantScore, ...]
    percentiles: tuple[float, ...]
    stretches: tuple[ImportantStretch, ...]
    sites: tuple[SiteChange, ...]
    motifs: str

    def to_json(self) -> dict[str, Any]:
        """Return the figures for programs."""

        def known(value: float) -> float | None:
            return None if np.isnan(value) else value

        return {
            "model": self.card.name,
            "subject": self.subject.text,
            "track": self.track,
            "values": dict(zip(self.subject.names, self.importance.values.tolist(), strict=True)),
            "method": self.importance.method,
            "scores": [
                {
                    "track": row.track,
                    "statistic": row.statistic,
                    "kind": row.kind,
                    "status": row.status,
                    "score": known(row.score),
                    "sd": known(row.sd),
                    "percentile": known(percentile),
                }
                for row, percentile in zip(self.scores, self.percentiles, strict=True)
            ],
            "stretches": [
                {**one._asdict(), "p_value": known(one.p_value)} for one in self.stretches
            ],
            "sites": [
                {
                    **one._asdict(),
                    "ref_score": known(one.ref_score),
                    "alt_score": known(one.alt_score),
                }
                for one in self.sites
            ],
        }


def needed_libraries(model: OpenModel, options: ExplainOptions) -> tuple[str, ...]:
    """Return the optional libraries that an explanation needs, without pictures."""
    search = () if options.motifs == NO_MOTIFS else SEARCH
    return (*libraries_of(options.method or default_method(model)), *search)


def explain(
    model: OpenModel,
    text: str,
    options: ExplainOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Explanation:
    """Explain a model's prediction of a variant or a region.

    The number explained is the mean of the track over the bins near the variant (within 64 bp), or
    those that touch the region.

    Args:
        model: The model.
        text: A variant, as ``chr21:39731913 A>C``, or a region.
        options: Track, method, motifs and shifts.
        say: Told about the genome and the motifs.
        progress: Opens the progress displays.

    Raises:
        InputError: Text, options, genome and model do not fit each other, or a library is missing.
    """
    need(needed_libraries(model, options), "explain")
    card = model.card
    require_anywhere(card, "explains nothing along a genome")
    target = target_of(card, options.track)
    known: list[Motif] = []
    if options.motifs != NO_MOTIFS:
        known = read_collection(options.motifs, say)
    with model.genome(as_path(options.fasta), say, progress) as genome:
        subject = read_subject(text, genome, card.geometry)
        scores, percentiles = _score(model, subject, genome, options, say)
    importance = _attribute(model, subject, options, progress)
    stretches = name_stretches(importance.importance, importance.codes, known, say)
    track = next(one for one in tracks_of(card) if one.name == target.name)
    geometry = card.geometry
    output = subject.start + (geometry.input_length - geometry.output_length) // 2
    return Explanation(
        card,
        subject,
        target.name,
        track.unit,
        _predict(model, subject, target, options.rc),
        output + np.arange(geometry.n_bins) * geometry.bin_size,
        importance,
        subject.start + subject.span(options.reach)[0],
        scores,
        percentiles,
        tuple(stretches),
        tuple(_sites(subject, options.reach, known)),
        options.motifs,
    )


def _predict(
    model: OpenModel, subject: Subject, target: TrackTarget, rc: bool
) -> NDArray[np.float32]:
    """Return the predictions of the track along the contig, ``(1 or 2, n_bins)``."""
    if not target.reverse:
        return predict_windows(model, subject.codes, rc=rc)[:, target.track]
    turned = reverse_complement(subject.codes)
    return predict_windows(model, turned)[:, target.track, ::-1]


def _attribute(
    model: OpenModel, subject: Subject, options: ExplainOptions, progress: Progress
) -> Attributions:
    return attribute(
        model,
        subject.codes,
        options.method or default_method(model),
        track=options.track,
        bins=subject.bins,
        span=subject.span(options.reach),
        options=AttributeOptions(references=options.references, seed=options.seed, rc=options.rc),
        progress=progress,
    )


def _sites(subject: Subject, reach: int, known: list[Motif]) -> list[SiteChange]:
    if subject.allele is None:
        return []
    first, last = subject.span(reach)
    ref, alt = subject.codes[:, first:last]
    at = subject.middle - first
    return changed_sites(
        ref, alt, (at, at + len(subject.allele.ref), at + len(subject.allele.alt)), known
    )


def _score(
    model: OpenModel, subject: Subject, genome: Genome, options: ExplainOptions, say: Say
) -> tuple[tuple[VariantScore, ...], tuple[float, ...]]:
    """Return the scores of a variant and their percentiles; none for a region."""
    if subject.allele is None:
        return (), ()
    shifts = ScoreOptions(
        n_shifts=options.shifts,
        max_shift=0 if options.shifts == 1 else None,
        seed=options.seed,
        rc=options.rc,
    )
    names = [track.name for track in tracks_of(model.card)]
    scorer = open_scorer(model, genome, shifts, "fail", say=say)
    with closing(scorer.score([[subject.allele]])) as scored:
        ((found,),) = list(scored)
    rows = tuple(rows_of(subject.allele, found, names, scorer))
    ranker = find_ranker(model, scorer, shifts, len(names), say)
    if ranker is None:
        return rows, (float("nan"),) * len(rows)
    ranks = ranker.rank(found)
    percentiles = [float(one.percentile[track]) for track in range(len(names)) for one in ranks]
    return rows, tuple(percentiles)
