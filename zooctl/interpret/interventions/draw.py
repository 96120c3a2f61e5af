"""Pictures of an experiment with a pattern, by the names that its folder has for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.interpret.interventions.effects import MeanEffect
from zooctl.interpret.interventions.marginalise import Marginalisation
from zooctl.interpret.interventions.occlude import Occlusion
from zooctl.interpret.interventions.spacing import PairEffect

if TYPE_CHECKING:
    from zooctl.interpret.pictures.effect_plots import Bar, Curve, CurvePanel


def draw_pictures(found: Marginalisation, folder: Path, *, force: bool = False) -> None:
    """Draw the effects and, where they were asked for, flanks, distances and occlusions.

    Raises:
        InputError: A file cannot be written.
    """
    from zooctl.interpret.pictures.effect_plots import (
        CurvePanel,
        draw_bars,
        draw_base_map,
        draw_effect_curves,
    )

    title, name = f"{found.model}, {found.track}", found.embedding.pattern.name
    label = f"mean effect over backgrounds ({found.unit})"
    draw_bars(folder / "effects.png", _bars(found), label=label, title=title, force=force)
    if found.flanks is not None:
        draw_base_map(
            folder / "flanks.png",
            found.flanks.means,
            [f"{offset:+d}" for offset in found.flanks.offsets],
            label=f"bp from {name}",
            title="effect of a base, less the mean of four",
            force=force,
        )
    if found.second is not None:
        draw_effect_curves(
            folder / "spacing.png",
            _panels_of_pairs(found),
            label="bp from the start of the first to the start of the second",
            title=f"{title}: {name} and {found.second.pattern.name}",
            force=force,
        )
    if found.occlusions:
        curves = _curves_of_occlusions(found.occlusions)
        draw_effect_curves(
            folder / "occlusion.png",
            [CurvePanel("share of the prediction that is left", curves, from_zero=True)],
            label="sites taken out",
            title=title,
            force=force,
        )


def _bars(found: Marginalisation) -> list[Bar]:
    from zooctl.interpret.pictures.effect_plots import Bar

    bars = []
    for group, one in enumerate(filter(None, (found.embedding, found.second))):
        name = one.pattern.name
        rows: list[tuple[str, MeanEffect]] = [
            (name, one.effect),
            (f"{name}, reversed", one.reverse_effect),
        ]
        bars += [Bar(text, effect.mean, effect.low, effect.high, group) for text, effect in rows]
    return bars


def _panels_of_pairs(found: Marginalisation) -> list[CurvePanel]:
    from zooctl.interpret.pictures.effect_plots import CurvePanel

    together, beyond = [], []
    for group, strand in enumerate(("+", "-")):
        own = [pair for pair in found.pairs if pair.orientation == strand]
        name = f"second on {strand}"
        # Nothing is between: the patterns would overlap.
        for side in ([p for p in own if p.distance < 0], [p for p in own if p.distance > 0]):
            if side:
                together.append(_curve(name, side, [pair.both for pair in side], group))
                beyond.append(_curve(name, side, [pair.cooperativity for pair in side], group))
                name = ""  # named once
    level = found.embedding.effect.mean
    return [CurvePanel("effect of both", together, level), CurvePanel("cooperativity", beyond, 0.0)]


def _curve(
    name: str, pairs: Sequence[PairEffect], effects: Sequence[MeanEffect], group: int
) -> Curve:
    from zooctl.interpret.pictures.effect_plots import Curve

    return Curve(
        name,
        [pair.distance for pair in pairs],
        [effect.mean for effect in effects],
        [effect.low for effect in effects],
        [effect.high for effect in effects],
        group,
    )


def _curves_of_occlusions(occlusions: Sequence[Occlusion]) -> list[Curve]:
    from zooctl.interpret.pictures.effect_plots import Curve

    curves = []
    for group, sites in enumerate(sorted({one.sites for one in occlusions})):
        own = [one for one in occlusions if one.sites == sites]
        name = f"{sites} site{'s' * (sites > 1)}, {own[0].effect.n:,} windows"
        places = [0, *(one.occluded for one in own)]
        left = [float("nan") if one.left is None else one.left for one in own]
        curves.append(Curve(name, places, [1.0, *left], group=group))
    return curves
