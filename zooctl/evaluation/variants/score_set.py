"""Scores of a set's variants: by a model in one pass and over shifts, and without a model."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import ZooError
from zooctl.evaluation.baselines.motif_hits import scan
from zooctl.evaluation.data.known_motifs import known_motif
from zooctl.evaluation.variants.effect_sets import EffectSet
from zooctl.evaluation.variants.figures import SignedSizes, gc_change
from zooctl.files.motifs import Motif
from zooctl.inference.genome import Genome
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.variants.shift_robust_statistics import MEAN_TRACK
from zooctl.inference.vcf.tally import counts_text
from zooctl.progress import Advance, Progress, Say
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import encode

LARGEST_TRACK = "LARGEST"
"""Name of the track that holds the score farthest from 0 over all tracks."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class TrackScores:
    """Scores of all variants by one statistic on one track.

    Attributes:
        track: Name of the track.
        statistic: Statistic and kind, as in the names of scores.
        compared: Scores of one pass, ``single``, and where there are any those over shifts,
            ``robust``.
    """

    track: str
    statistic: str
    compared: Mapping[str, SignedSizes]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which variants have every score."""
        sizes = np.stack([one.sizes for one in self.compared.values()])
        return np.asarray(np.isfinite(sizes).all(axis=0), dtype=np.bool_)


def score_alleles(
    scorer: Scorer, alleles: Sequence[Allele], advance: Advance
) -> tuple[Scores, list[str]]:
    """Return scores ``(n_measures, n, n_tracks)`` and statuses of alleles.

    Args:
        scorer: The scorer.
        alleles: Alleles on its genome.
        advance: Called once per allele.
    """
    rows, statuses = [], []
    with contextlib.closing(scorer.score([allele] for allele in alleles)) as scored:
        for (one,) in scored:
            rows.append([measured.score for measured in one.measured])
            statuses.append(one.status)
            advance(1)
    return np.array(rows, dtype=np.float64).transpose(1, 0, 2), statuses


def score_all(scorer: Scorer, alleles: Sequence[Allele], say: Say, progress: Progress) -> Scores:
    """Return scores of alleles with a progress display, and tell the counts of statuses."""
    n = len(scorer.shifts)
    label = f"{n} shifts up to {scorer.max_shift} bp" if scorer.max_shift else "one pass"
    with progress(len(alleles), "SNVs", label) as advance:
        scores, statuses = score_alleles(scorer, alleles, advance)
    say(f"{label}: {counts_text(Counter(statuses))}")
    return scores


def tracks_of_scores(
    scorer: Scorer, scores: Mapping[str, Scores], names: Sequence[tuple[int, str]]
) -> Iterator[TrackScores]:
    """Yield the scores of each statistic on each track.

    Args:
        scorer: The scorer, for the statistics.
        scores: Scores ``(n_measures, n, n_tracks)`` of one pass and over shifts, by name.
        names: Index and name of each track; ``LARGEST`` is the score farthest from 0 over all.
    """
    for row, measure in enumerate(scorer.measures):
        signed = measure.kind != "bits"
        for index, name in names:
            compared = {
                side: SignedSizes.of(
                    _largest(found[row]) if name == LARGEST_TRACK else found[row][:, index], signed
                )
                for side, found in scores.items()
            }
            yield TrackScores(name, measure.key, compared)


def _largest(scores: Scores) -> NDArray[np.float64]:
    """Return the score farthest from 0 over tracks; NaN where no track has one.

    >>> _largest(np.array([[0.1, -0.4], [np.nan, 0.2], [np.nan, np.nan]])).tolist()
    [-0.4, 0.2, nan]
    """
    sizes = np.nan_to_num(np.abs(scores), nan=-1.0)
    found: NDArray[np.float64] = scores[np.arange(len(scores)), sizes.argmax(1)]
    return found


def summary_tracks(n_tracks: int) -> list[tuple[int, str]]:
    """Return the tracks that sum up several: their mean, and the score farthest from 0.

    Args:
        n_tracks: Tracks of each score, the mean among them.
    """
    return [(n_tracks - 1, MEAN_TRACK), (-1, LARGEST_TRACK)]


def baselines_of(
    measured: EffectSet, genome: Genome, alleles: Sequence[Allele], say: Say
) -> dict[str, SignedSizes]:
    """Return scores that need no model, by their names.

    The change of GC content; the closeness to the place that the effect is of; and the change of
    the best hit of a motif, on either strand, among those that hold the variant.
    """
    found = {"GC change": gc_change(measured.effects)}
    if measured.distances is not None:
        found["distance"] = SignedSizes(None, -measured.distances)
    if measured.motif is not None:
        try:
            motif = known_motif(measured.motif)
        except ZooError as error:
            say(f"no motif baseline: {error}")
        else:
            found[f"difference of {motif.name}"] = SignedSizes.of(
                motif_change(motif, genome, alleles)
            )
    return found


def motif_change(motif: Motif, genome: Genome, alleles: Sequence[Allele]) -> Scores:
    """Return ALT less REF of the best log odds of a motif over a SNV, on either strand.

    Alleles on contigs that the genome lacks, and beside unknown bases, change nothing.
    """
    forward = motif.log_odds()
    found = np.zeros(len(alleles))
    reach = motif.length - 1
    for row, (chrom, start, ref, alt) in enumerate(alleles):
        if chrom not in genome.contigs:
            continue
        codes = genome.padded_codes(chrom, start - reach, start + reach + 1)
        best = []
        for base in (ref, alt):
            codes[reach] = encode(base.encode())[0]
            best.append(scan(codes, forward, forward[::-1, ::-1]).max())
        if np.isfinite(best).all():
            found[row] = best[1] - best[0]
    return found
