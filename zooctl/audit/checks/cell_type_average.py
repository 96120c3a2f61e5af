"""Confounding: tracks that the average over the other cell types predicts."""

from __future__ import annotations

import numpy as np

from zooctl.audit.checks.confounding import shown
from zooctl.audit.findings import Outcome, clear, graded, none_to_check, rounded, worst
from zooctl.audit.inputs import AuditInputs, target_rows
from zooctl.audit.split_data import SplitData
from zooctl.audit.window_stats import core_stats
from zooctl.evaluation.metrics.classification import auroc
from zooctl.evaluation.metrics.regression import pearson
from zooctl.sequence.windows import gather
from zooctl.training.data.sampling import blocks

# Windows that a model predicts; a correlation is then known to about 0.02.
_MOST_PREDICTED = 2_000


def average(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Compare each track with the average over the other tracks of its assay."""
    recipe = inputs.recipe
    groups: dict[tuple[str | None, str | None], list[int]] = {}
    for number, track in enumerate(target_rows(recipe)):
        source = recipe.source(track.signal.source)
        groups.setdefault((source.assay, source.target), []).append(number)
    several = [rows for rows in groups.values() if len(rows) > 1]
    part = "test" if data.means["test"].shape[1] else "validation"
    if not several:
        return none_to_check("no two tracks of one assay and target")
    found: dict[str, dict[str, object]] = {}
    for rows in several:
        means = data.means[part][rows].astype(np.float64)
        for index, row in enumerate(rows):
            others = np.delete(means, index, axis=0).mean(axis=0)
            labels = data.labels[part][row]
            known = ~np.isnan(labels)
            found[inputs.tracks[row]] = {
                "pearson": rounded(pearson(others, means[index])),
                "auroc": rounded(auroc(others[known], labels[known] == 1)),
            }
    copied = _predictions(inputs, data, part, several, found)
    highest = max(found, key=lambda track: _number(found[track]["pearson"]))
    figures = [
        graded(_number(one[name]), *limits, float("inf"))
        for one in found.values()
        for name, limits in (("pearson", (0.3, 0.6)), ("auroc", (0.7, 0.8)))
    ]
    if copied:
        figures.append("warning")
    level = worst(figures)
    text = (
        f"Pearson {shown(found[highest]['pearson'])}, AUROC {shown(found[highest]['auroc'])} "
        f"for {highest} on {part}"
    )
    if level == "clear":
        return clear(f"the average over the other tracks says little: {text}", found)
    if copied:
        text += f"; predictions are nearer to it than to their own track for {', '.join(copied)}"
    return Outcome(
        level,
        f"the average over the other tracks predicts a track: {text}",
        found,
        "show this average as a baseline, and judge tracks where they differ from it",
    )


def _predictions(
    inputs: AuditInputs,
    data: SplitData,
    part: str,
    groups: list[list[int]],
    found: dict[str, dict[str, object]],
) -> list[str]:
    """Add correlations of predictions with their track, and with the average over the others.

    Returns:
        Tracks whose predictions are closer to the average.
    """
    if inputs.predict is None:
        return []
    chunks = data.evaluation_windows[part]
    size = min(len(chunks), _MOST_PREDICTED)
    rows = np.sort(np.random.default_rng(0).choice(len(chunks), size, replace=False))
    drawn = chunks.take(rows)
    geometry = data.dataset.geometry
    codes = np.empty((size, geometry.input_length), np.uint8)
    for here, chrom, starts in blocks(drawn):
        own = data.dataset.codes[chrom]
        codes[here] = gather(own, starts - geometry.input_flank, geometry.input_length)
    predicted = inputs.predict(codes)
    measured = core_stats(data.dataset, drawn)[0].astype(np.float64)
    nearer = []
    for group in groups:
        means = measured[group]
        for index, row in enumerate(group):
            others = np.delete(means, index, axis=0).mean(axis=0)
            with_own = pearson(predicted[:, row], means[index])
            with_average = pearson(predicted[:, row], others)
            track = inputs.tracks[row]
            found[track] |= {
                "prediction_with_own": rounded(with_own),
                "prediction_with_average": rounded(with_average),
            }
            if with_average > with_own:
                nearer.append(track)
    return nearer


def _number(value: object) -> float:
    return value if isinstance(value, float) else 0.0
