"""Comparison of a model's variant scores with a table of measured effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from zooctl.errors import InputError
from zooctl.evaluation.variants.compare_effects import (
    ElementReport,
    Scores,
    compare_effects,
    score_alleles,
)
from zooctl.evaluation.variants.constructs import Constructs, alleles_on_genome, select_snvs
from zooctl.files.intervals.effects import Effect, read_effects
from zooctl.inference.announce_status import announce
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.tracks.choose import choose_tracks, tracks_of
from zooctl.inference.variants.shift_robust_score import Scorer, VariantModel
from zooctl.inference.vcf.tally import counts_text
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.alleles import Allele


@dataclass(frozen=True)
class VariantEvaluation:
    """Agreement of a model's variant scores with measured effects.

    Attributes:
        settings: Everything that the figures depend on.
        reports: One for each track and element, then means over elements.
    """

    settings: Mapping[str, object]
    reports: tuple[ElementReport, ...]

    def to_json(self) -> dict[str, object]:
        """Return settings and figures under their names."""
        return {**self.settings, "elements": [report.to_json() for report in self.reports]}


def evaluate_variants(
    model: OpenModel,
    table: Path,
    *,
    constructs: bool = False,
    tracks: Sequence[str] = (),
    min_n: float = 10,
    fasta: Path | None = None,
    n_shifts: int = 20,
    max_shift: int | None = None,
    even: bool = False,
    rc: bool = False,
    n_draws: int = 1000,
    seed: int = 0,
    say: Say = silent,
    progress: Progress = no_progress,
) -> VariantEvaluation:
    """Compare scores of SNVs with measured effects, in one pass and over shifts.

    Args:
        model: The model.
        table: Tab-separated table of effects (``files.intervals.effects``).
        constructs: Elements are read alone, as rebuilt from REF, with windows kept inside.
        tracks: Names of tracks; empty for all.
        min_n: Fewest observations of a SNV, where the table states them.
        fasta: Genome; by default chosen by the card's assembly.
        n_shifts: Windows to average over.
        max_shift: Largest shift in bp; by default chosen by the window's core.
        even: Shifts at even distances, instead of drawn ones.
        rc: Average over both strands.
        n_draws: Bootstrap draws for the intervals.
        seed: Seed of the shifts and of the draws.
        say: Told about the SNVs, the genome and the device.
        progress: Opens the progress displays.

    Raises:
        InputError: The table, the genome or the options do not fit, or too few SNVs are left.
    """
    if constructs and fasta is not None:
        raise InputError("--constructs takes the sequence from the table; drop --fasta")
    card = model.card
    (chosen,) = choose_tracks([card], tracks)
    effects = read_effects(table, card.assembly)
    kept = select_snvs(effects, min_n)
    if not kept:
        raise InputError("no SNV is left to compare", path=table, got=f"{len(effects):,} variants")
    say(f"{len(kept):,} SNVs of {len(effects):,} variants are compared")
    genome: Genome
    with ExitStack() as stack:
        if constructs:
            genome, alleles = _on_constructs(effects, kept)
        else:
            opened = stack.enter_context(model.genome(fasta, say, progress))
            genome, alleles = opened, alleles_on_genome(kept, opened.contigs)
        scorers = [
            Scorer(
                VariantModel.of(card, model.graph),
                genome,
                n_shifts=n,
                max_shift=furthest,
                seed=seed,
                even=even,
                inside=constructs,
                reverse_complement=rc,
                threads=model.options.threads,
                device=model.options.device,
            )
            for n, furthest in ((1, 0), (n_shifts, max_shift))
        ]
        announce([(card, scorers[0])], say)
        single, robust = (_score(scorer, alleles, say, progress) for scorer in scorers)
    names = [(index, tracks_of(card)[index].name) for index in chosen]
    reports = tuple(compare_effects(kept, single, robust, names, n_draws=n_draws, seed=seed))
    if not reports:
        raise InputError("no element has ten SNVs with a score", path=table)
    settings = {
        "table": table.name,
        "constructs": constructs,
        "min_n": min_n,
        "shifts": scorers[1].shifts.tolist(),
        "max_shift": scorers[1].max_shift,
        "reverse_complement": rc,
        "bootstrap": n_draws,
        "seed": seed,
    }
    return VariantEvaluation(settings, reports)


def _on_constructs(
    effects: Sequence[Effect], kept: Sequence[Effect]
) -> tuple[Genome, list[Allele]]:
    elements = Constructs(effects)
    return elements, [elements.allele(effect) for effect in kept]


def _score(scorer: Scorer, alleles: Sequence[Allele], say: Say, progress: Progress) -> Scores:
    """Return the scores, and tell the counts of statuses."""
    n = len(scorer.shifts)
    label = f"{n} shifts up to {scorer.max_shift} bp" if scorer.max_shift else "one pass"
    with progress(len(alleles), "SNVs", label) as advance:
        scores, statuses = score_alleles(scorer, alleles, advance)
    say(f"{label}: {counts_text(Counter(statuses))}")
    return scores
