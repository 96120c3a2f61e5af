"""Pages of studies: one a study, and the table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.reproduction.studies.judge import Comparison, rule_text
from zooctl.reproduction.studies.record import StudyResult
from zooctl.schema.escape import markdown as escaped
from zooctl.schema.study import Study

# Chains that the table of all studies tells one by one.
_MOST = 6
HEADERS = ("study", "claim", "in the paper", "here", "direction", "minutes")


def table_row(study: Study, result: StudyResult) -> tuple[str, ...]:
    """Return the cells of a study under ``HEADERS``."""
    paper = study.paper
    return (
        study.name,
        study.claim,
        f"{paper.number} ({paper.citation.partition(', doi')[0]}, {paper.place})",
        here_text(study, result),
        result.verdict,
        f"{result.minutes:.1f}",
    )


def here_text(study: Study, result: StudyResult) -> str:
    """Return the figures that decide: the ends of each chain of the claim, or a difference.

    A pair is told by its difference, with the interval; a chain by the figures of its ends. Of many
    chains the directions are counted.
    """
    if len(study.order) > _MOST:
        found = Counter(one.direction for one in result.comparisons)
        n = len(result.comparisons)
        return f"of {n} differences, " + ", ".join(f"{found[one]} {one}" for one in sorted(found))
    figures = {arm.name: signed(arm.figure) for arm in result.arms}
    differences = {(one.higher, one.lower): signed(one.difference) for one in result.comparisons}
    parts = []
    for first, *between, last in study.order:
        if between:
            parts.append(f"{first} {figures[first]}, {last} {figures[last]}")
        else:
            parts.append(f"{first} above {last} by {differences[first, last]}")
    n = max(len(arm.values) for arm in result.arms)
    return "; ".join(parts) + f" (n = {n})" * (n > 1)


def signed(figure: Estimate) -> str:
    """Return a figure to three digits, or to three significant ones where it is small."""
    if 0 < abs(figure.value) < 0.1:
        interval = "" if figure.low != figure.low else f" [{figure.low:.3g}, {figure.high:.3g}]"
        return f"{figure.value:.3g}{interval}"
    return str(figure)


def table_page(found: Sequence[tuple[Study, StudyResult]]) -> str:
    """Return the table of all studies as a page."""
    lines = [
        "# Results",
        "",
        "Written by `zooctl studies run --all`. Intervals are of 95 %. Where there is none, a",
        "direction is that of the difference's sign.",
        "",
        f"| {' | '.join(HEADERS)} |",
        f"|{' --- |' * len(HEADERS)}",
    ]
    for study, result in found:
        name, *cells = table_row(study, result)
        cells = [escaped(cell).replace("|", "\\|") for cell in cells]
        lines.append(f"| {' | '.join([f'[{name}]({name}.md)', *cells])} |")
    return "\n".join(lines) + "\n"


def study_page(study: Study, result: StudyResult, picture: str | None) -> str:
    """Return the page of a study.

    Args:
        study: Claim and test.
        result: Figures.
        picture: File of the figure, beside the page.
    """
    paper = study.paper
    source = f"{paper.citation}, {paper.place}"
    parts = [
        f"# {escaped(study.title)}",
        f"Claim: {escaped(study.claim.strip())}",
        f"In the paper: {escaped(paper.number)} ({escaped(source)}).",
        f"Here: {result.verdict}. {escaped(study.scale.strip())}",
        f"By `zooctl studies run {study.name}`, in {result.minutes:.1f} minutes.",
        _arm_table(study, result),
        _comparison_table(result.comparisons),
        rule_text(result.comparisons),
    ]
    if picture is not None:
        parts.append(f"![{escaped(study.title)}]({picture})")
    return "\n\n".join(parts) + "\n"


def _arm_table(study: Study, result: StudyResult) -> str:
    n = max(len(arm.values) for arm in result.arms)
    several = f" | {n} {study.replicates}" if n > 1 else ""
    lines = [f"| arm | {escaped(study.metric)}{several} |", f"|{' --- |' * (2 + (n > 1))}"]
    for arm in result.arms:
        each = ", ".join(f"{one.value:.3g}" for one in arm.values)
        lines.append(f"| {escaped(arm.name)} | {signed(arm.figure)} |{f' {each} |' * (n > 1)}")
    return "\n".join(lines)


def _comparison_table(comparisons: Sequence[Comparison]) -> str:
    lines = ["| claimed | difference | higher in | direction |", "| --- | --- | --- | --- |"]
    for one in comparisons:
        pair = f"{escaped(one.higher)} above {escaped(one.lower)}"
        cells = (pair, signed(one.difference), f"{one.n_higher} of {one.n}", one.direction)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
