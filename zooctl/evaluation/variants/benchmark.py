"""Benchmark of variant effects: models on published sets, one leaderboard a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from zooctl.catalog.data import locate
from zooctl.catalog.registry import entry
from zooctl.catalog.root import model_names
from zooctl.errors import InputError, NetworkError, ZooError
from zooctl.evaluation.report.tables import Grid
from zooctl.evaluation.variants.compare_effects import ElementReport
from zooctl.evaluation.variants.effect_sets import MPRA, SetName
from zooctl.evaluation.variants.effect_tables import baseline_rows, board_rows, figure_headers
from zooctl.evaluation.variants.run import EffectAgreement, evaluate_variants
from zooctl.evaluation.variants.score_set import LARGEST_TRACK
from zooctl.files.intervals.effects import read_effects
from zooctl.inference.background.calibrate import statistics_of
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import (
    DEFAULT_SESSION,
    EffectOptions,
    SessionOptions,
)
from zooctl.inference.variants.constructs import select_snvs
from zooctl.inference.variants.shift_robust_statistics import MEAN_TRACK
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card

SETS: tuple[SetName, ...] = get_args(SetName)
_SUMMARIES = (MEAN_TRACK, LARGEST_TRACK)
# A missing file or a set that does not fit leaves a model out; other errors are raised.
_TOLERATED = (InputError.exit_code, NetworkError.exit_code)


@dataclass(frozen=True)
class Judged:
    """A model on a set.

    Attributes:
        model: Name of the model.
        found: Its evaluation.
    """

    model: str
    found: EffectAgreement

    @property
    def rows(self) -> list[ElementReport]:
        """The means over elements, or the one element; of several tracks those that sum them up."""
        reports = self.found.reports
        means = [one for one in reports if one.element == "mean"]
        chosen = means or list(reports)
        sums = [one for one in chosen if one.track in _SUMMARIES]
        return sums or chosen


@dataclass(frozen=True)
class Board:
    """Models on one set.

    Attributes:
        name: The set.
        judged: Each model that could be judged.
        missing: Other models, and the reason why.
    """

    name: str
    judged: tuple[Judged, ...]
    missing: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        """Return all figures under their names."""
        models = [{"model": one.model, **one.found.to_json()} for one in self.judged]
        return {"set": self.name, "models": models, "not_judged": dict(self.missing)}

    def table(self) -> Grid:
        """Return a row for each model, track and score, the best first, then the baselines."""
        rows = []
        for one in self.judged:
            rows += list(board_rows(one.model, str(one.found.settings["sequence"]), one.rows))
        rows.sort(key=lambda row: -row[0] if row[0] == row[0] else float("inf"))
        figures = self.judged[0].rows[0].figures
        headers = ["model", "track", "statistic", "sequence", "SNVs"]
        headers += [head for name in figures for head in figure_headers(name, shifts=True)]
        readings = [(str(one.found.settings["sequence"]), one.rows) for one in self.judged]
        return Grid(self.name, headers, [cells for _, cells in rows] + baseline_rows(readings))


def benchmark(
    models: Sequence[str] = (),
    sets: Sequence[str | Path] = SETS,
    options: EffectOptions | None = None,
    session: SessionOptions = DEFAULT_SESSION,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> list[Board]:
    """Judge models on sets of measured effects, each by every statistic that it has.

    Args:
        models: Names; empty for all of the zoo that have weights and a genome of the set.
        sets: Names of published sets, or tables of effects.
        options: Tracks, statistics, shifts and draws; by default as each model's card says, with
            all statistics. On ``mpra_satmut`` models of one value a window that fit the elements
            read them as constructs, others on the genome.
        session: Options of the networks' sessions.
        say: Told about models, SNVs and devices.
        progress: Opens the progress displays.

    Raises:
        InputError: No model can be judged on a set; or, of the only model that is named, why not.
    """
    chosen = options or EffectOptions()
    opened = [OpenModel(entry(name), session) for name in models or _with_weights()]
    boards = []
    for name in sets:
        judged, missing = [], {}
        for model in opened:
            say(f"{model.entry.name} on {name}")
            try:
                found = _judge(model, name, chosen, say, progress)
            except ZooError as error:
                if len(models) == 1 or error.exit_code not in _TOLERATED:
                    raise
                missing[model.entry.name] = " ".join(str(error).split())
            else:
                judged.append(Judged(model.entry.name, found))
        if not judged:
            reasons = Counter(missing.values())
            raise InputError(
                "no model can be judged on this set",
                got=str(name),
                expected=next(iter(reasons), None),
            )
        boards.append(Board(Path(name).name, tuple(judged), missing))
    return boards


def _with_weights() -> list[str]:
    return [name for name in model_names() if entry(name).folder is not None]


def _judge(
    model: OpenModel, name: str | Path, options: EffectOptions, say: Say, progress: Progress
) -> EffectAgreement:
    card = model.card
    own = replace(
        options,
        statistics=options.statistics or statistics_of(card),
        mean_track=not options.tracks,
        constructs=options.constructs or (name == "mpra_satmut" and _fits_constructs(card)),
    )
    return evaluate_variants(model, name, own, say=say, progress=progress)


def _fits_constructs(card: Card) -> bool:
    """Say whether a window of one value fits every element of the saturation mutagenesis."""
    if card.geometry.n_bins > 1:
        return False
    lengths: dict[str, list[int]] = {}
    for effect in select_snvs(read_effects(locate(MPRA).path, card.assembly), 0):
        lengths.setdefault(effect.element, []).append(effect.start)
    return card.input_length <= min(max(found) + 1 - min(found) for found in lengths.values())
