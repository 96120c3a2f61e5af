"""Unbalanced classes: rare positives, and figures that hide it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zooctl.audit.findings import (
    Level,
    Outcome,
    Problems,
    clear,
    graded,
    none_to_check,
    rounded,
)
from zooctl.audit.inputs import AuditInputs, target_rows
from zooctl.audit.split_data import PARTS, SplitData, Values
from zooctl.audit.window_stats import core_stats
from zooctl.schema.card import Card, Metric

# Positives rarer than this are rare: AUROC then says little of how many calls are right.
_RARE = 0.1
_VERY_RARE = 0.01
# Prevalence of one part over that of another.
_NOTE, _WARNING = 1.5, 2.0
# Change of prevalence up to which windows were left out, not resampled.
_RESAMPLED = 1.25


def prevalences(data: SplitData) -> dict[str, list[float]]:
    """Return the prevalence of positives in each part and track; NaN where none is known."""
    return {part: _prevalence(labels) for part, labels in data.labels.items()}


def _prevalence(labels: Values) -> list[float]:
    known = (~np.isnan(labels)).sum(axis=1)
    positive = (labels == 1).sum(axis=1)
    return [float(hits) / n if n else float("nan") for hits, n in zip(positive, known, strict=True)]


def prevalence(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Compare the prevalence of positive windows between parts, and with the training draw."""
    found = prevalences(data)
    n_positive = len(data.windows.positives)
    n_negative = data.windows.n_negatives(inputs.recipe)
    evidence: dict[str, object] = {"positive": data.rule}
    if n_negative:
        evidence["training_draw"] = {
            "positives": n_positive,
            "negatives": n_negative,
            "prevalence": rounded(n_positive / (n_positive + n_negative), 5),
        }
    problems = Problems()
    for row, track in enumerate(inputs.tracks):
        here = {part: found[part][row] for part in PARTS}
        evidence[track] = {part: rounded(share, 5) for part, share in here.items()}
        level, text = _judge(here)
        if text:
            problems.add(level, f"{track}: {text}")
    if not problems:
        return clear("positives are not rare, and as rare in every part", evidence)
    shown = str(Problems(problems[:3]))
    if len(problems) > 3:
        shown += f"; and {len(problems) - 3} more tracks"
    return Outcome(
        problems.level,
        f"{shown} (positive: {data.rule})",
        evidence,
        "state the prevalence beside every figure; show auPRC, not AUROC alone"
        + ("; predicted probabilities hold for the share that training draws" * bool(n_negative)),
    )


def _judge(here: Mapping[str, float]) -> tuple[Level, str]:
    """Return the severity of a track's prevalence in the parts, and its description."""
    known = {part: share for part, share in here.items() if share == share}
    lacking = [part for part in ("validation", "test") if known.get(part) in (0.0, 1.0)]
    if lacking:
        return "severe", f"only one class in {' and '.join(lacking)}"
    text = ", ".join(f"{share:.2%} of {part}" for part, share in known.items())
    train = known.get("train", 0.0)
    ratios = [
        max(share / train, train / share)
        for part, share in known.items()
        if part != "train" and train and share
    ]
    level = graded(max(ratios, default=1.0), _NOTE, _WARNING, float("inf"))
    if level == "clear" and min(known.values(), default=1.0) < _RARE:
        level = "note"
    return level, "" if level == "clear" else f"{text} are positive"


def resampling(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Look for validation windows that were drawn by their class, as those of training are."""
    dataset, windows = data.dataset, data.windows.validation
    used, whole = (
        _prevalence(data.label(dataset, chunks, core_stats(dataset, chunks)[1]))
        for chunks in (windows, data.evaluation_windows["validation"])
    )
    evidence = {
        track: {"all": rounded(all_of, 5), "used": rounded(taken, 5)}
        for track, all_of, taken in zip(inputs.tracks, whole, used, strict=True)
    }
    evidence["windows"] = {"all": len(data.evaluation_windows["validation"]), "used": len(windows)}
    wrong = [
        f"{track} from {all_of:.2%} to {taken:.2%}"
        for track, all_of, taken in zip(inputs.tracks, whole, used, strict=True)
        if all_of > 0 and not 1 / _RESAMPLED <= taken / all_of <= _RESAMPLED
    ]
    if not wrong:
        text = "validation has its windows side by side, as rare as they are"
        return clear(text, evidence)
    return Outcome(
        "severe",
        f"the validation windows' prevalence is changed: {'; '.join(wrong)}",
        evidence,
        "draw, weigh and balance training windows alone",
    )


def metrics(inputs: AuditInputs, data: SplitData | None) -> Outcome:
    """Look for figures of the card that hide the prevalence."""
    if inputs.card is None:
        return none_to_check("no card with metrics")
    return metrics_of(inputs.card, _lowest(inputs, data))


def metrics_of(card: Card, lowest: Mapping[str | None, float]) -> Outcome:
    """Look for figures of a card that hide the prevalence.

    Args:
        card: The card.
        lowest: Prevalence of each track on test, and of the rarest under None; empty where it is
            unknown.
    """
    if not card.metrics:
        return none_to_check("card has no metrics")
    problems = Problems()
    for metric in card.metrics:
        rare = lowest.get(metric.track)
        if _is(metric, "auroc") and not _accompanied(metric, card.metrics):
            problems.add(_without_auprc(rare), f"{_named(metric)} without auPRC")
        if _is(metric, "accuracy") and (rare is None or rare < _RARE):
            problems.add("severe" if rare is not None else "warning", _named(metric))
        if _is(metric, "auprc") and "prevalence" not in (metric.definition or "").lower():
            problems.add("note", f"{_named(metric)} does not state the prevalence")
    evidence = {
        "metrics": [metric.name for metric in card.metrics],
        "test_prevalence": {
            str(track): rounded(share, 5) for track, share in lowest.items() if track is not None
        },
    }
    if not problems:
        return clear("the card's figures do not hide the prevalence", evidence)
    return Outcome(
        problems.level,
        f"the card's figures hide the prevalence: {problems}",
        evidence,
        "put auPRC beside AUROC, and the prevalence into its definition; no accuracy",
    )


def _lowest(inputs: AuditInputs, data: SplitData | None) -> dict[str | None, float]:
    """Return the prevalence of each track on test, and of the rarest under None."""
    if data is None:
        return {}
    known: dict[str | None, float] = {}
    for row, share in zip(target_rows(inputs.recipe), prevalences(data)["test"], strict=True):
        for name in (row.track, None):
            if share == share:
                known[name] = min(share, known.get(name, 1.0))
    return known


def _is(metric: Metric, name: str) -> bool:
    """Return whether a metric is of a kind, as ``auroc_5mer_ridge`` is of ``auroc``."""
    return metric.name.lower() == name or metric.name.lower().startswith(f"{name}_")


def _accompanied(metric: Metric, others: tuple[Metric, ...]) -> bool:
    return any(
        _is(other, "auprc") and (other.track, other.split) == (metric.track, metric.split)
        for other in others
    )


def _without_auprc(rare: float | None) -> Level:
    if rare is None:
        return "warning"
    return graded(1 - rare, 0.0, 1 - _RARE, 1 - _VERY_RARE)


def _named(metric: Metric) -> str:
    return metric.name if metric.track is None else f"{metric.name} of {metric.track}"
