"""Comparisons with measured effects as tables: one of a model, and one of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.evaluation.report.tables import Grid
from zooctl.evaluation.variants.compare_effects import ElementReport, PassAndShifts
from zooctl.evaluation.variants.figures import FigureName

_SHOWN: dict[FigureName, str] = {
    "pearson": "Pearson",
    "spearman": "Spearman",
    "spearman_of_sizes": "Spearman of sizes",
    "same_sign": "same sign",
    "same_sign_larger_half": "same sign, larger half",
    "auroc": "AUROC",
    "auprc": "auPRC",
}


def element_table(reports: Sequence[ElementReport]) -> Grid:
    """Return a row for each element, track and score of one model.

    Tracks and statistics are named where they are several. The baselines of an element stand behind
    its figures.
    """
    first = reports[0]
    named = {
        "track": len({one.track for one in reports}) > 1,
        "statistic": len({one.statistic for one in reports}) > 1,
    }
    headers = [name for name, shown in named.items() if shown] + ["element", "SNVs"]
    for name in first.figures:
        headers += figure_headers(name, shifts=first.figures[name].robust is not None)
    headers += [
        f"{_SHOWN[name]} of {side}"
        for side, figures in first.baselines.items()
        for name in figures
        if _is_shown(side, name, first)
    ]
    rows = []
    for report in reports:
        cells = [getattr(report, name) for name, shown in named.items() if shown]
        cells += [report.element, f"{report.n:,}"]
        cells += [cell for found in report.figures.values() for cell in figure_cells(found)]
        cells += [
            str(found)
            for side, figures in report.baselines.items()
            for name, found in figures.items()
            if _is_shown(side, name, first)
        ]
        rows.append(cells)
    return Grid("", headers, rows)


def _is_shown(side: str, name: FigureName, report: ElementReport) -> bool:
    """Say whether a figure of a baseline is shown: the first, and others if that has none."""
    figures = report.baselines[side]
    defined = [one for one, found in figures.items() if str(found) != "-"]
    return name == (defined[0] if defined else next(iter(figures)))


def figure_headers(name: FigureName, *, shifts: bool) -> list[str]:
    """Return the headers of a figure's columns."""
    if not shifts:
        return [f"{_SHOWN[name]}, one pass"]
    return [f"{_SHOWN[name]}, one pass", "over shifts", "gain"]


def figure_cells(found: PassAndShifts | Estimate, *, shifts: bool = False) -> list[str]:
    """Return the cells of a figure's columns.

    Args:
        found: The figure; that of a baseline has one cell alone.
        shifts: The columns of shifts are there, whether the figure has them or not.
    """
    if isinstance(found, Estimate):
        return [str(found), *["-"] * (2 * shifts)]
    if found.robust is None:
        return [str(found.single), *["-"] * (2 * shifts)]
    return [str(found.single), str(found.robust), str(found.gain)]


def board_rows(
    model: str, reading: str, reports: Sequence[ElementReport]
) -> Iterator[tuple[float, list[str]]]:
    """Yield the rows of a model on a leaderboard, each with the value that it is ranked by.

    Args:
        model: Its name.
        reading: The sequence that the variants are read in.
        reports: One for each track and score, of one element or the mean.
    """
    for report in reports:
        first = next(iter(report.figures.values()))
        cells = [model, report.track, report.statistic, reading, f"{report.n:,}"]
        cells += [
            cell for one in report.figures.values() for cell in figure_cells(one, shifts=True)
        ]
        yield first.best.value, cells


def baseline_rows(readings: Sequence[tuple[str, Sequence[ElementReport]]]) -> list[list[str]]:
    """Return a row for each baseline and sequence that was read, from the report of most SNVs.

    Args:
        readings: Sequence that a model read, and its reports.
    """
    most: dict[str, ElementReport] = {}
    for reading, reports in readings:
        for report in reports:
            if reading not in most or report.n > most[reading].n:
                most[reading] = report
    return [
        [side, "-", "-", reading, f"{report.n:,}"]
        + [cell for one in figures.values() for cell in figure_cells(one, shifts=True)]
        for reading, report in most.items()
        for side, figures in report.baselines.items()
    ]
