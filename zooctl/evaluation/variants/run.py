"""Comparison of a model's variant scores with measured effects."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from zooctl.errors import InputError
from zooctl.evaluation.variants.compare_effects import (
    ROBUST,
    SINGLE,
    ElementReport,
    compare_effects,
)
from zooctl.evaluation.variants.effect_sets import EffectSet, open_set
from zooctl.evaluation.variants.score_set import (
    baselines_of,
    score_all,
    summary_tracks,
    tracks_of_scores,
)
from zooctl.inference.device.announce_remarks import announce
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import EffectOptions, as_path
from zooctl.inference.tracks.choose import choose_tracks, tracks_of
from zooctl.inference.variants.constructs import alleles_on_genome
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.variants.table import open_scorer
from zooctl.progress import Progress, Say, no_progress, silent

_DEFAULT = EffectOptions()


@dataclass(frozen=True)
class EffectAgreement:
    """Agreement of a model's variant scores with measured effects.

    Attributes:
        settings: Everything that the figures depend on.
        reports: One for each score, track and element, then means over elements.
    """

    settings: Mapping[str, object]
    reports: tuple[ElementReport, ...]

    def to_json(self) -> dict[str, object]:
        """Return settings and figures under their names."""
        return {**self.settings, "elements": [report.to_json() for report in self.reports]}


def evaluate_variants(
    model: OpenModel,
    table: str | Path,
    options: EffectOptions = _DEFAULT,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> EffectAgreement:
    """Compare scores of SNVs with measured effects, in one pass and over shifts.

    Args:
        model: The model.
        table: Name of a published set (``effect_sets.SetName``), or a tab-separated table of
            effects (``files.intervals.effects``).
        options: Tracks, statistics, shifts and draws.
        say: Told about the SNVs, the genome and the device.
        progress: Opens the progress displays.

    Raises:
        InputError: The table, the genome or the options do not fit, or too few SNVs are left.
    """
    if options.constructs and options.fasta is not None:
        raise InputError("--constructs takes the sequence from the table; drop --fasta")
    card = model.card
    (chosen,) = choose_tracks([card], options.tracks)
    measured = open_set(
        table,
        card.assembly,
        constructs=options.constructs,
        min_n=options.min_n,
        # Whatever the shift, a window lies within the flanks.
        flank=2 * card.input_length,
    )
    say(f"{len(measured.effects):,} SNVs of {measured.name}; sequence: {measured.reading}")
    with ExitStack() as stack:
        genome: Genome
        if measured.genome is None:
            genome = stack.enter_context(model.genome(as_path(options.fasta), say, progress))
            alleles = alleles_on_genome(measured.effects, genome.contigs)
        else:
            genome, alleles = measured.genome, list(measured.alleles or ())
        sides = {side: _scorer(model, genome, measured, options, side) for side in (SINGLE, ROBUST)}
        announce([(card, sides[SINGLE])], say)
        if len(sides[ROBUST].shifts) == 1:
            del sides[ROBUST]
        scores = {side: score_all(scorer, alleles, say, progress) for side, scorer in sides.items()}
        baselines = baselines_of(measured, genome, alleles, say)
    names = [(index, tracks_of(card)[index].name) for index in chosen]
    if options.mean_track and len(tracks_of(card)) > 1:
        names += summary_tracks(sides[SINGLE].n_tracks)
    found = list(tracks_of_scores(sides[SINGLE], scores, names))
    reports = tuple(
        compare_effects(measured, found, baselines, n_draws=options.n_draws, seed=options.seed)
    )
    if not reports:
        raise InputError("no element has ten SNVs with a score", path=measured.name)
    return EffectAgreement(_settings(measured, sides, options), reports)


def _scorer(
    model: OpenModel, genome: Genome, measured: EffectSet, options: EffectOptions, side: str
) -> Scorer:
    """Return the scorer of one pass, or that over shifts."""
    mean_track = options.mean_track and len(tracks_of(model.card)) > 1
    chosen = replace(options, mean_track=mean_track)
    if side == SINGLE:
        chosen = replace(chosen, n_shifts=1, max_shift=0)
    return open_scorer(model, genome, chosen, "skip", even=options.even, inside=measured.inside)


def _settings(
    measured: EffectSet, sides: Mapping[str, Scorer], options: EffectOptions
) -> dict[str, object]:
    last = sides[ROBUST if ROBUST in sides else SINGLE]
    return {
        "table": measured.name,
        "sequence": measured.reading,
        "constructs": options.constructs,
        "min_n": options.min_n,
        "shifts": last.shifts.tolist(),
        "max_shift": last.max_shift,
        "distance": last.distance,
        "reverse_complement": options.rc,
        "block_length": measured.block_length,
        "bootstrap": options.n_draws,
        "seed": options.seed,
    }
