"""Tables and lines of text of a report, for a terminal and for Markdown alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zooctl.evaluation.baselines.kmer_ridge import Fit
from zooctl.evaluation.metrics.classes import ClassConfusion
from zooctl.evaluation.metrics.profiles import ProfileAgreement
from zooctl.evaluation.report.metric_table import MetricRow
from zooctl.evaluation.report.report import EvaluationReport, Robustness, TrackReport
from zooctl.schema.escape import markdown as escaped
from zooctl.schema.escape import markdown_table

_METHODS = {
    "pearson": "Pearson",
    "spearman": "Spearman",
    "auroc": "AUROC",
    "auprc": "auPRC",
    "recall_at_10_fdr": "recall at 10% FDR",
    "recall_at_50_fdr": "at 50%",
    "mse": "MSE",
    "poisson_nll": "Poisson NLL",
}


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Attributes:
        title: Title; empty where the text before it is one.
        headers: Header of each column.
        rows: Cells as text.
    """

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Return the table as Markdown.

        >>> print(Grid("", ["method", "AUROC"], [["a|b", "0.9"]]).markdown())
        | method | AUROC |
        |---|---|
        | a\\|b | 0.9 |
        <BLANKLINE>
        """
        title = f"### {escaped(self.title)}\n\n" if self.title else ""
        return title + markdown_table(self.headers, self.rows) + "\n"


def methods(rows: Sequence[MetricRow], title: str = "") -> Grid:
    """Return the metrics of each method, with intervals; an empty column is left out."""
    measured = [row for row in rows if row.note is None]
    shown = [name for name in _METHODS if any(name in row.metrics for row in measured)]
    return Grid(
        title,
        ["method", *(_METHODS[name] for name in shown)],
        [
            [row.name, *(str(row.metrics[name]) if name in row.metrics else "-" for name in shown)]
            for row in measured
        ],
    )


def by_track(report: EvaluationReport) -> Grid:
    """Return the model's metrics on each track, beside the best baseline."""
    shown = ("pearson", "auroc", "auprc")
    rows = []
    for track in report.tracks:
        own = track.rows[0].metrics
        best = best_baseline(report, track.rows)
        rows.append(
            [
                track.track,
                f"{track.n_bins:,}",
                f"{track.prevalence:.4f}",
                *(str(own[name]) if name in own else "-" for name in shown),
                "-" if best is None else f"{best[1].metrics[best[0]].value:.3f}, {best[1].name}",
            ]
        )
    metric = "AUROC" if any("auroc" in track.rows[0].metrics for track in report.tracks) else ""
    headers = ["track", "bins", "prevalence", *(_METHODS[name] for name in shown)]
    return Grid("by track", [*headers, f"best baseline's {metric or 'Pearson'}"], rows)


def best_baseline(
    report: EvaluationReport, rows: tuple[MetricRow, ...]
) -> tuple[str, MetricRow] | None:
    """Return the best baseline, with the metric it is best by: AUROC, else Pearson."""
    for metric in ("auroc", "pearson"):
        ranked = [row for row in report.baselines(rows) if metric in row.metrics]
        if metric in rows[0].metrics and ranked:
            return metric, max(ranked, key=lambda row: row.metrics[metric].value)
    return None


def resolutions(track: TrackReport) -> Grid:
    """Return the model's agreement over all bins at each resolution."""
    rows = [[f"{one.resolution:,} bp", *_agreement(one.agreement)] for one in track.resolutions]
    return Grid("over resolutions", ["resolution", *_AGREEMENT], rows)


def test_sets(track: TrackReport) -> Grid:
    """Return the model's agreement at its own resolution on each test set."""
    names = {"whole": "all bins", "peaks": "centred on peaks"}
    rows = [
        [
            names.get(one.kind) or f"profiles with signal >= {one.threshold:g}",
            f"{one.agreement.n_sequences:,}",
            *_agreement(one.agreement),
        ]
        for one in track.selections
    ]
    return Grid("over test sets", ["test set", "profiles", *_AGREEMENT], rows)


_AGREEMENT = (
    "bins",
    "Pearson",
    "per sequence",
    "Spearman",
    "JSD",
    "MSE",
    "scaled",
    "MAE",
    "scaled",
    "R2",
    "scaled",
    "Poisson NLL",
    "scaled",
)


def _agreement(found: ProfileAgreement) -> Iterator[str]:
    """Yield figures in the order of the headers; errors as they are and scaled by the means."""
    yield f"{found.n_bins:,}"
    for value in (found.pearson, found.pearson_per_sequence, found.spearman, found.jensen_shannon):
        yield number(value)
    for name in ("mse", "mae", "r2", "poisson_nll"):
        for errors in (found.unscaled, found.scaled):
            yield number(getattr(errors, name))


def number(value: float) -> str:
    """Return a figure with three decimals, or with four digits if it is large.

    >>> number(0.5691), number(12345.6), number(float("nan"))
    ('0.569', '1.235e+04', '-')
    """
    if not math.isfinite(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def fields(report: EvaluationReport, track: TrackReport) -> list[tuple[str, str]]:
    """Return name and value of each line below a track's tables."""
    rules = report.rules
    found = [
        (
            "bins",
            f"{track.n_bins:,} of {rules.bin_size} bp"
            + f"; {track.n_excluded:,} left out: unknown, excluded, or at the edge of a range"
            * bool(track.n_excluded),
        ),
        (
            "positive bins",
            f"{track.n_positive:,}, a prevalence of {track.prevalence:.4f}"
            + f"; {track.n_ambiguous:,} ambiguous ones are neither" * bool(track.n_ambiguous),
        ),
        (f"Pearson at {report.fine_size} bp", str(track.fine_pearson)),
    ]
    if report.draws:
        intervals = f"95 %, from {report.draws:,} draws of {rules.block_length:,} bp blocks"
        found.append(("intervals", intervals))
    if (calls := track.confusion) is not None:
        found.append(
            (
                "calls",
                f"predictions >= {calls.threshold:g}: F1 {number(calls.f1)}, accuracy "
                f"{number(calls.accuracy)}, precision {number(calls.precision)}, recall "
                f"{number(calls.recall)}, specificity {number(calls.specificity)}; "
                f"{calls.true_positives:,} right, {calls.false_positives:,} wrong, "
                f"{calls.false_negatives:,} missed, {calls.true_negatives:,} rightly not made",
            )
        )
    best = best_baseline(report, track.rows)
    if best is not None and best[0] in best[1].behind:
        metric, row = best
        found.append((f"ahead in {_METHODS[metric]}", f"{row.behind[metric]} of {row.name}"))
    for name, test in track.delong.items():
        text = f"AUROC {test.difference:+.4f}, standard error {test.deviation:.4f}, p {test.p:.2g}"
        found.append((f"DeLong against {name}", f"{text}, of bins taken as independent"))
    return found + fits([track])


def classes(found: ClassConfusion) -> Grid:
    """Return the confusion of classes, and each class against all others."""
    rates = [found.against_all(index) for index in range(len(found.names))]
    rows = [
        [
            name,
            *(f"{n:,}" for n in found.counts[index]),
            *(number(value) for value in (one.precision, one.recall, one.specificity, one.f1)),
        ]
        for index, (name, one) in enumerate(zip(found.names, rates, strict=True))
    ]
    title = f"classes, measured by row and called by column; accuracy {number(found.accuracy)}"
    headers = ["class", *found.names, "precision", "recall", "specificity", "F1"]
    return Grid(title, headers, rows)


def positive_rule_text(report: EvaluationReport) -> str:
    """Return the conditions of a positive bin in words."""
    rules = report.rules
    where = f"on {rules.positive_share:.0%} of its bases" if rules.positive_share else "somewhere"
    labels = {track.is_label for track in report.tracks}
    texts = ["a bin that its label says is one"] * (True in labels)
    if False in labels:
        ratio = f" and >= {rules.positive_control_ratio:g} x control" * bool(report.n_controls)
        texts.append(f"signal >= {rules.positive_min_signal:g} {where}{ratio}")
    return "; ".join(texts)


def fits(tracks: Sequence[TrackReport]) -> list[tuple[str, str]]:
    """Return the name of each fitted baseline, and its fits to the tracks in words."""
    found: dict[str, list[Fit]] = {}
    motifs: dict[str, list[str]] = {}
    for track in tracks:
        for row in track.rows:
            if row.fit is not None:
                found.setdefault(row.name, []).append(row.fit)
            if row.motif is not None:
                motifs.setdefault(row.name, []).append(row.motif.name)
    texts = [(name, _fit(own)) for name, own in found.items()]
    for name, own in motifs.items():
        texts.append((name, f"{', '.join(dict.fromkeys(own))}, chosen on validation regions"))
    return texts


def _fit(fits: Sequence[Fit]) -> str:
    """Return the fits of a baseline to several tracks in one line."""
    penalties = sorted({fit.penalty for fit in fits})
    targets = dict.fromkeys(fit.target for fit in fits)
    penalty = " to ".join(f"{end:,.0f}" for end in dict.fromkeys((penalties[0], penalties[-1])))
    chosen = any(fit.validation_pearson is not None for fit in fits)
    how = "chosen on validation regions" if chosen else "fixed: no validation regions"
    return f"penalty {penalty} on {' or '.join(targets)}, {how}"


def robustness_text(found: Robustness) -> str:
    """Return the variation score in one line."""
    return (
        f"{found.value:.4f} over {found.n_shifts} shifts at {found.n_peaks} peaks; "
        "lower is more robust"
    )
