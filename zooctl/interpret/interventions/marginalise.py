"""Measure the effect of a pattern on a model: over backgrounds, beside others, and in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zooctl.errors import InputError, need
from zooctl.files.intervals.regions import Regions
from zooctl.files.motifs import Motif
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import as_path
from zooctl.interpret.interventions.backgrounds import (
    centred,
    shuffled_backgrounds,
    uniform_backgrounds,
)
from zooctl.interpret.interventions.embed import Embedding, FlankEffects, embed, flank_effects
from zooctl.interpret.interventions.occlude import Occlusion, Places, occlude
from zooctl.interpret.interventions.pattern import Pattern, parse_pattern
from zooctl.interpret.interventions.spacing import (
    PairEffect,
    pair_effects,
    parse_spacing,
    usable_distances,
)
from zooctl.interpret.interventions.window_value import WindowValue
from zooctl.interpret.libraries import SEARCH
from zooctl.interpret.motif_search.fimo import find_hits
from zooctl.interpret.motif_search.motif_collections import choose_motifs
from zooctl.interpret.options import BackgroundKind, MarginaliseOptions
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.intervals import merge
from zooctl.sequence.onehot import BASES, Codes

_SITE_P_VALUE = 1e-4


@dataclass(frozen=True, eq=False)
class Marginalisation:
    """Effects of a pattern on one track of a model.

    Attributes:
        model: Name of the model.
        track: Name of the track.
        unit: Unit of the effects.
        ratio: Whether ratios of numbers make sense.
        around: Bases around the middle whose bins are averaged.
        background: Kind of the backgrounds.
        seed: Seed.
        embedding: The pattern in the middle of backgrounds.
        flanks: Effects of the bases beside it; None if not asked for.
        second: The second pattern in the middle of the same backgrounds; None if not given.
        pairs: Both patterns, by distance and strand.
        occlusions: Sites taken out in place.
    """

    model: str
    track: str
    unit: str
    ratio: bool
    around: int
    background: BackgroundKind
    seed: int
    embedding: Embedding
    flanks: FlankEffects | None
    second: Embedding | None
    pairs: tuple[PairEffect, ...]
    occlusions: tuple[Occlusion, ...]

    def to_json(self) -> dict[str, Any]:
        """Return all figures."""
        found: dict[str, Any] = {
            "model": self.model,
            "track": self.track,
            "unit": self.unit,
            "around": self.around,
            "background": self.background,
            "seed": self.seed,
            "pattern": self._json_of(self.embedding),
        }
        if self.flanks is not None:
            found["flanks"] = [
                {"offset": offset, "base": base, **effect.to_json()}
                for offset, row in zip(self.flanks.offsets, self.flanks.effects, strict=True)
                for base, effect in zip(BASES, row, strict=True)
            ]
        if self.second is not None:
            found["second"] = self._json_of(self.second)
            found["pairs"] = [
                {
                    "distance": pair.distance,
                    "orientation": pair.orientation,
                    "both": pair.both.to_json(),
                    "second": pair.second.to_json(),
                    "cooperativity": pair.cooperativity.to_json(),
                }
                for pair in self.pairs
            ]
        if self.occlusions:
            found["occlusions"] = [
                {**one._asdict(), "effect": one.effect.to_json()} for one in self.occlusions
            ]
        return found

    def _json_of(self, one: Embedding) -> dict[str, Any]:
        return {
            "name": one.pattern.name,
            "letters": one.pattern.letters,
            "without": float(one.without.mean()),
            "with": float(one.forward.mean()),
            "effect": one.effect.to_json(),
            "reverse_effect": one.reverse_effect.to_json(),
            "orientation": one.orientation.to_json(),
            "log2_ratio": one.log2_ratio if self.ratio else None,
        }


def marginalise(
    model: OpenModel,
    pattern: str,
    options: MarginaliseOptions,
    regions: Regions | None = None,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Marginalisation:
    """Measure the effect of a pattern on a track of a model.

    Args:
        model: The model.
        pattern: IUPAC letters; or the name of a motif of ``options.motifs``, whose consensus is put
            in.
        options: Backgrounds and experiments.
        regions: Regions whose shuffled windows are the backgrounds, in place of random places; and
            whose sites are occluded.
        say: Told of the genome.
        progress: Opens the progress displays.

    Raises:
        InputError: Pattern, track, regions or genome do not fit the model.
    """
    if options.occlude and options.motifs is not None:
        need(SEARCH, "looking for motifs")
    value = WindowValue(model, options.track, options.around, rc=options.rc)
    motif, first = _pattern(pattern, options, say)
    second = None if options.second is None else _pattern(options.second, options, say)[1]
    for one in (first, *((second,) if second else ())):
        if one.length > value.input_length:
            raise InputError(
                "the pattern is longer than the window",
                got=f"{one.length:,} bp",
                expected=f"at most {value.input_length:,} bp",
            )
    distances = (
        []
        if second is None
        else usable_distances(parse_spacing(options.spacing), first, second, value.input_length)
    )
    if options.occlude and regions is None:
        raise InputError("sites are occluded in regions", expected="--bed or --region")
    backgrounds, windows = _sequences(model, value, options, regions, say, progress)
    n_windows = options.n * (
        3 + 3 * (second is not None) + 2 * len(BASES) * options.flanks + 4 * len(distances)
    )
    with progress(n_windows, "windows", model.card.name) as advance:
        counted = value.counting(advance)
        embedding = embed(counted, backgrounds, first, options.seed)
        flanks = flank_effects(counted, embedding, options.flanks) if options.flanks else None
        beside, pairs = None, []
        if second is not None:
            beside = embed(counted, backgrounds, second, options.seed)
            pairs = pair_effects(counted, backgrounds, embedding, second, distances, options.seed)
    occlusions: list[Occlusion] = []
    if options.occlude:
        places = [_sites(window, first, motif) for window in windows]
        if not any(places):
            say(f"warning: no window has a site of {first.name}")
        with progress(None, "windows", "occluding sites") as advance:
            occlusions = occlude(
                value.counting(advance), windows, places, n_draws=options.draws, seed=options.seed
            )
    return Marginalisation(
        model.card.name,
        value.track,
        value.unit,
        value.ratio,
        options.around,
        options.background,
        options.seed,
        embedding,
        flanks,
        beside,
        tuple(pairs),
        tuple(occlusions),
    )


def _pattern(text: str, options: MarginaliseOptions, say: Say) -> tuple[Motif | None, Pattern]:
    """Return the motif of that name and its consensus; without a collection, the pattern alone."""
    if options.motifs is None:
        return None, parse_pattern(text)
    (motif,) = choose_motifs(options.motifs, [text], say)
    return motif, parse_pattern(motif.consensus, motif.name)


def _sequences(
    model: OpenModel,
    value: WindowValue,
    options: MarginaliseOptions,
    regions: Regions | None,
    say: Say,
    progress: Progress,
) -> tuple[Codes, Codes]:
    """Return the backgrounds, and the windows around the regions."""
    length = value.input_length
    nothing = np.empty((0, length), dtype=np.uint8)
    uniform = options.background == "uniform"
    if uniform and regions is None:
        return uniform_backgrounds(options.n, length, options.seed), nothing
    with model.genome(as_path(options.fasta), say, progress) as genome:
        found = [] if regions is None else regions.within(genome.contigs, clip=options.clip)
        windows = np.array([centred(genome, one, length) for one in found], dtype=np.uint8)
        windows = windows.reshape(-1, length)
        if uniform:
            return uniform_backgrounds(options.n, length, options.seed), windows
        backgrounds = shuffled_backgrounds(
            genome, options.n, length, options.seed, regions=found, progress=progress
        )
    return backgrounds, windows


def _sites(window: Codes, pattern: Pattern, motif: Motif | None) -> Places:
    """Return the sites of a pattern, or of a motif, in a window; those that overlap are one."""
    if motif is not None:
        hits = find_hits([motif], window, _SITE_P_VALUE)
        starts, ends = hits.start, hits.end
    else:
        starts = np.concatenate(
            [one.find(window) for one in (pattern, pattern.reverse_complement())]
        )
        ends = starts + pattern.length
    return list(zip(*(side.tolist() for side in merge(starts, ends)), strict=True))
