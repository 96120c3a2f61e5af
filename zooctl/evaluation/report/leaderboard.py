"""Leaderboard: evaluations of many models as one table."""

from __future__ import annotations

from collections.abc import Sequence

from zooctl.evaluation.report.report import EvaluationReport
from zooctl.evaluation.report.tables import Grid, best_baseline, number

_SHOWN = {"pearson": "Pearson", "spearman": "Spearman", "auroc": "AUROC", "auprc": "auPRC"}


def leaderboard(reports: Sequence[EvaluationReport]) -> Grid:
    """Return a row for each model; models evaluated on the same data stand together.

    Within one set of data the best stands first, by AUROC, else by Pearson's correlation.
    """
    rows = []
    for report in sorted(reports, key=_rank):
        figures = report.rows[0].metrics
        best = best_baseline(report, report.rows)
        n_bins = sum(track.n_classed for track in report.tracks)
        n_positive = sum(track.n_positive for track in report.tracks)
        robustness = report.robustness
        rows.append(
            [
                report.data,
                report.model,
                ", ".join(report.regions),
                f"{len(report.tracks)}",
                *(str(figures[name]) if name in figures else "-" for name in _SHOWN),
                f"{n_positive / n_bins:.4f}",
                "-" if robustness is None else number(robustness.value),
                "-"
                if best is None
                else f"{_SHOWN[best[0]]} {best[1].metrics[best[0]].value:.3f}, {best[1].name}",
            ]
        )
    headers = ["data", "model", "held out", "tracks", *_SHOWN.values(), "prevalence", "variation"]
    return Grid("", [*headers, "best baseline"], rows)


def _rank(report: EvaluationReport) -> tuple[str, float]:
    figures = report.rows[0].metrics
    for metric in ("auroc", "pearson"):
        if metric in figures:
            return report.data, -figures[metric].value
    return report.data, 0.0
