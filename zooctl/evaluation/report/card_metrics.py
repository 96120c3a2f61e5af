"""Metrics of a card from an evaluation, and the card's text with them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from zooctl.catalog.card_text import CardText
from zooctl.evaluation.report.metric_table import MetricRow
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.schema.card import Card, Metric

# Metrics of a card that has none yet.
_FIRST = ("auroc", "auprc", "pearson")
_REQUIRED = {field for field, info in Metric.model_fields.items() if info.is_required()}
# Metrics of which less is better.
_ERRORS = {"mse", "mae", "poisson_nll"}
# Metrics of positive bins against others, without ambiguous ones.
_OF_CLASSES = {"auroc", "auprc", "f1", "recall_at_10_fdr", "recall_at_50_fdr"}
_KNOWN = (
    "auroc",
    "auprc",
    "pearson",
    "spearman",
    "f1",
    "recall_at_10_fdr",
    "recall_at_50_fdr",
    "mse",
    "mae",
    "r2",
    "poisson_nll",
)


def card_text(text: str, card: Card, report: EvaluationReport) -> str:
    """Return a card's text with the figures of a report; the rest of it stays as it is.

    Figures that are on the card keep their definition and their spread over seeds. A name such as
    ``auroc_5mer_ridge`` is the metric beside that baseline; without one it is the best baseline.
    Only figures of the test regions are an evaluation's.

    Args:
        text: The card.
        card: The parsed card.
        report: Report on all tracks of the card.
    """
    metrics = [_updated(metric, report) for metric in card.metrics] or _first(report)
    edited = CardText(text)
    if not card.metrics:
        edited.set("metrics", [{} for _ in metrics])
    for number, metric in enumerate(metrics):
        for field, value in _fields(metric):
            if value is None and field not in _REQUIRED:
                edited.remove("metrics", number, field)
            else:
                edited.set("metrics", number, field, value, order=list(Metric.model_fields))
    if report.robustness is not None and math.isfinite(report.robustness.value):
        edited.set("robustness", round(report.robustness.value, 3))
    return str(edited)


def slug(name: str) -> str:
    """Return a baseline's name as part of a metric's.

    >>> slug("5-mer ridge"), slug("GC + dinucleotide ridge")
    ('5mer_ridge', 'gc_dinucleotide_ridge')
    """
    words = re.sub(r"[^a-z0-9]+", " ", name.lower().replace("-", "")).split()
    return "_".join(words)


def _first(report: EvaluationReport) -> list[Metric]:
    """Return metrics for a card that has none: over all tracks, then of each."""
    tracks: list[str | None] = [track.track for track in report.tracks]
    return [
        _updated(
            Metric(
                name=name,
                track=track,
                value=0.0,
                split="test",
                definition=_definition(name, report, track),
                baseline=None,
                baseline_value=None,
            ),
            report,
        )
        for track in ([None] if len(tracks) > 1 else []) + tracks
        for name in _FIRST
        if name in _rows(report, track)[0].metrics
    ]


def _definition(name: str, report: EvaluationReport, track: str | None) -> str:
    rules = report.rules
    on = f"{rules.bin_size}-bp bins of {', '.join(report.regions)}"
    if name == "pearson":
        return f"Mean predicted against mean measured signal of {on}."
    text = (
        f"Positive against all other {on}, ranked by the highest predicted {report.fine_size} bp."
    )
    return f"{text} {_prevalence(report, track)}" if name == "auprc" else text


def _prevalence(report: EvaluationReport, track: str | None) -> str:
    """Return the share of positive bins, to be read beside an auPRC."""
    found = [one.prevalence for one in report.tracks if track in (None, one.track)]
    of = f", the mean over {len(found)} tracks" * (len(found) > 1)
    return f"Prevalence {sum(found) / len(found):.4f}{of}."


def _rows(report: EvaluationReport, track: str | None) -> Sequence[MetricRow]:
    if track is None:
        return report.rows
    return next(one.rows for one in report.tracks if one.track == track)


def _updated(metric: Metric, report: EvaluationReport) -> Metric:
    """Return a metric with the report's figures; as it is where the report has none."""
    name = figure_of(metric) if metric.split == "test" else None
    tracks = [one for one in report.tracks if metric.track in (None, one.track)]
    if name is None or not tracks:
        return metric
    rows = tuple(_rows(report, metric.track))
    if name not in rows[0].metrics:
        return metric
    others = [row for row in report.baselines(rows) if name in row.metrics]
    suffix = metric.name.removeprefix(name).lstrip("_")
    if suffix:
        others = [row for row in others if slug(row.name) == suffix]
    best = _best(name, others)
    changes: dict[str, object] = {
        "value": _rounded(rows[0].metrics[name].value),
        "n": sum(one.n_classed if name in _OF_CLASSES else one.n_bins for one in tracks),
    }
    if best is not None:
        changes["baseline_value"] = _rounded(best.metrics[name].value)
        if metric.baseline is None or not suffix:
            changes["baseline"] = _described(best, metric.baseline)
    return metric.model_copy(update=changes)


def figure_of(metric: Metric) -> str | None:
    """Return the evaluation metric that a card metric is named after; None if it is none.

    >>> values = {"value": 0.9, "split": "test", "baseline": None, "baseline_value": None}
    >>> figure_of(Metric(name="recall_at_10_fdr_gc", **values))
    'recall_at_10_fdr'
    """
    by_length = sorted(_KNOWN, key=len, reverse=True)
    return next((one for one in by_length if f"{metric.name}_".startswith(f"{one}_")), None)


def _best(name: str, rows: Sequence[MetricRow]) -> MetricRow | None:
    if not rows:
        return None
    sign = -1 if name in _ERRORS else 1
    return max(rows, key=lambda row: sign * row.metrics[name].value)


def _described(row: MetricRow, written: str | None) -> str:
    """Return the card's words for a baseline where they name it, else its name."""
    if written is not None and row.name.removeprefix("best hit of ") in written:
        return written
    return row.name


def _rounded(value: float) -> float:
    """Return a figure rounded to three decimals, or to four digits if it is large."""
    return round(value, 3) if abs(value) < 1000 else float(f"{value:.4g}")


def _fields(metric: Metric) -> Iterator[tuple[str, object]]:
    """Yield the fields of a metric that are measured or were chosen here, with their values."""
    values = metric.model_dump(mode="json")
    for field in type(metric).model_fields:
        if field != "chroms" or values[field]:
            yield field, values[field]
