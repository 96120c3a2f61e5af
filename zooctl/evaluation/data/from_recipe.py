"""Evaluation data from a recipe: its genome, targets, controls and replicates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from zooctl.catalog.data import locate
from zooctl.errors import InputError
from zooctl.evaluation.data.evaluation_data import (
    EvaluatedTrack,
    EvaluationData,
    ExcludedBases,
    MeasuredTrack,
    check_regions,
    check_track,
    known_motifs,
    open_genome,
)
from zooctl.files.fasta.reader import Fasta
from zooctl.progress import Say, silent
from zooctl.schema.fields import Split
from zooctl.schema.recipe.inputs import in_sample
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal, BigWigSignal
from zooctl.training.data.prepare import excluded_bases, unmappable_bases
from zooctl.training.tracks.bin_values_and_labels import Signal
from zooctl.training.tracks.normalisation import normalised_rules, rules_of
from zooctl.training.tracks.signals_and_labels import Files, per_base


@contextmanager
def open_recipe_data(
    tracks: Sequence[EvaluatedTrack],
    recipe: Recipe,
    *,
    other_tracks: Sequence[EvaluatedTrack] = (),
    split: Split | None = None,
    fasta: Path | None = None,
    sample: str | None = None,
    say: Say = silent,
) -> Iterator[EvaluationData]:
    """Open the genome of a recipe, and read the signals of its targets.

    Args:
        tracks: Tracks to evaluate.
        recipe: Names data, split and rules.
        other_tracks: The model's other tracks; those without a target are left out.
        split: Split in place of the recipe's.
        fasta: Genome in place of the assembly's.
        sample: Sample whose targets are read; the average over the others is a baseline.
        say: Told which genome is used, and which steps take time.

    Raises:
        InputError: No such sample; data or genome are not here, or do not fit each other.
        IntegrityError: Data were changed.
    """
    split = split or recipe.split
    regions = (*split.train, *split.validation, *split.test)
    regions += recipe.split.train if recipe.normalisation is not None else ()
    own = recipe if sample is None else recipe_of_sample(recipe, sample)
    signals = [_required_signal(track, own) for track in tracks]
    with open_genome(recipe.genome.assembly, fasta, say) as genome:
        check_regions(genome, regions)
        chroms = list(dict.fromkeys(region.chrom for region in regions))
        # Tracks of one target share its array, which tells them from tracks of another.
        bases = cache(signal_reader(recipe, [s.id for s in recipe.sources], genome, chroms, say))
        rules = normalised_rules(recipe, bases, silent)

        def measured(name: str, signal: AnySignal) -> MeasuredTrack:
            return MeasuredTrack(name, bases(signal), *rules_of([signal], rules))

        motifs, no_motif = known_motifs(tracks)
        yield EvaluationData(
            genome,
            tracks,
            [measured(track.name, signal) for track, signal in zip(tracks, signals, strict=True)],
            split,
            controls=[bases(control.signal) for control in own.controls],
            replicates=[
                *(measured(other.track, other.signal) for other in recipe.evaluation.others),
                *average_over_samples(tracks, recipe, sample, bases, split),
            ],
            other_tracks=[
                (track, measured(track.name, signal))
                for track in other_tracks
                if (signal := signal_of(track, own)) is not None
            ],
            motifs=motifs,
            no_motif=no_motif,
            exclusion=excluded_places(recipe, genome, chroms, say),
        )


def recipe_of_sample(recipe: Recipe, sample: str) -> Recipe:
    """Return a recipe whose targets and controls are those of one of its samples.

    Raises:
        InputError: It has no such sample.
    """
    known = [one for _, one in recipe.all_samples()]
    chosen = next((one for one in known if one.name == sample), None)
    if chosen is None:
        raise InputError(
            "the recipe has no such sample",
            field="--sample",
            got=sample,
            expected=", ".join(one.name for one in known) or "none: it has no samples",
            hint="--against judges a sample that it has not",
        )
    in_it = {
        part: tuple(
            one.model_copy(update={"signal": in_sample(one.signal, chosen)})
            for one in getattr(recipe, part)
        )
        for part in ("targets", "controls")
    }
    return recipe.model_copy(update=in_it)


def average_over_samples(
    tracks: Sequence[EvaluatedTrack],
    recipe: Recipe,
    sample: str | None,
    bases: Callable[[AnySignal], Mapping[str, Signal]],
    split: Split,
) -> list[MeasuredTrack]:
    """Return the mean of each track's target over the other samples, on contigs of test regions.

    It is hard to beat in a new cell type (Schreiber et al. 2020, doi:10.1186/s13059-020-01978-y).

    Args:
        tracks: Tracks to evaluate.
        recipe: Its samples are averaged.
        sample: Sample that is evaluated, and left out; None for no average.
        bases: Reads a signal.
        split: Has the test regions.
    """
    others = [one for one in recipe.samples if one.name != sample]
    if sample is None or not others:
        return []
    found = []
    for track in tracks:
        signal = _required_signal(track, recipe)
        read = [bases(in_sample(signal, other)) for other in others]
        mean: dict[str, Signal] = {}
        for chrom in dict.fromkeys(region.chrom for region in split.test):
            total = np.zeros(len(read[0][chrom]), np.float32)
            for one in read:
                total += np.nan_to_num(one[chrom], nan=0.0)
            mean[chrom] = total / np.float32(len(read))
        name = "average over the other samples" + f", {track.name}" * (len(tracks) > 1)
        found.append(MeasuredTrack(name, mean))
    return found


def excluded_places(
    recipe: Recipe, genome: Fasta, chroms: Sequence[str], say: Say
) -> ExcludedBases:
    """Read the places that a recipe leaves out of every part of its split.

    Raises:
        ZooError: As ``signal_reader``.
    """
    mappability = recipe.exclude.mappability
    named = list(recipe.exclude.regions)
    named += [] if mappability is None else [mappability.source]
    if not named:
        return ExcludedBases()
    lifts = [lift for name in named if (lift := recipe.source(name).lift) is not None]
    files = _located(recipe, sorted({*named, *lifts}), genome, say)
    return ExcludedBases(
        excluded_bases(files, chroms),
        unmappable_bases(files, chroms),
        1.0 if mappability is None else mappability.max_unmappable,
    )


def _located(recipe: Recipe, sources: Sequence[str], genome: Fasta, say: Say) -> Files:
    paths = {name: locate(recipe.source(name)).path for name in sources}
    return Files(recipe, paths, dict(genome.contigs), say)


def signal_reader(
    recipe: Recipe, sources: Sequence[str], genome: Fasta, chroms: Sequence[str], say: Say
) -> Callable[[AnySignal], Mapping[str, Signal]]:
    """Locate sources of a recipe; return a reader of the signals that are made of them.

    Raises:
        InputError: A source is not here; or, when a signal is read, does not fit the genome.
        IntegrityError: Data were changed.
        NetworkError: Data have to be downloaded and can't be.
    """
    files = _located(recipe, sources, genome, say)

    def bases(signal: AnySignal) -> Mapping[str, Signal]:
        if isinstance(signal, BigWigSignal):
            check_track(genome, files.paths[signal.source], chroms)
        return per_base(files, signal, chroms)

    return bases


def signal_of(track: EvaluatedTrack, recipe: Recipe) -> AnySignal | None:
    """Return the target signal of a track: its own, or the only one there is."""
    signals = {target.track: target.signal for target in recipe.targets}
    return next(iter(signals.values())) if len(signals) == 1 else signals.get(track.name)


def _required_signal(track: EvaluatedTrack, recipe: Recipe) -> AnySignal:
    signal = signal_of(track, recipe)
    if signal is None:
        raise InputError(
            f"the data of {recipe.name} have no target for the track",
            field="targets",
            got=track.name,
            expected=", ".join(target.track for target in recipe.targets),
        )
    return signal
