"""Batches against biology: tracks that are alike by their origin, and not by what they measure."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from zooctl.audit.findings import Outcome, clear, none_to_check, rounded
from zooctl.audit.inputs import AuditInputs, target_rows
from zooctl.audit.split_data import SplitData
from zooctl.evaluation.metrics.regression import pearson


class TrackOrigin(NamedTuple):
    """Origin of a track: batch of its source, and assay, target and biosample."""

    batch: str | None
    biology: tuple[str | None, ...]


def batch(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Compare the correlation of tracks of one batch with that of tracks of one biology.

    Correlations are of the logarithms of mean signals over the units of training. A hidden batch
    makes tracks of one batch and of different biology more alike than replicates of two batches.
    """
    origins = []
    for row in target_rows(inputs.recipe):
        source = inputs.recipe.source(row.signal.source)
        biology = (source.assay, source.target, source.biosample)
        origins.append(TrackOrigin(source.batch, biology))
    if sum(one.batch is not None for one in origins) < 2:
        return none_to_check("fewer than two tracks whose source states its batch")
    logs = np.log1p(np.maximum(data.means["train"], 0))
    same_batch, same_biology, other = [], [], []
    for first, second in combinations(range(len(origins)), 2):
        one, two = origins[first], origins[second]
        if one.batch is None or two.batch is None:
            continue
        r = float(pearson(logs[first], logs[second]))
        alike = (one.batch == two.batch, one.biology == two.biology)
        if alike == (True, False):
            same_batch.append(r)
        elif alike == (False, True):
            same_biology.append(r)
        elif alike == (False, False):
            other.append(r)
    evidence: dict[str, object] = {
        name: {"pairs": len(values), "pearson": rounded(_mean(values))}
        for name, values in (
            ("one batch, other biology", same_batch),
            ("one biology, other batch", same_biology),
            ("neither", other),
        )
    }
    return _judge(_mean(same_batch), _mean(same_biology), _mean(other), evidence)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _judge(batch: float, biology: float, other: float, evidence: dict[str, object]) -> Outcome:
    advice = (
        "normalise (scale_factors or quantile), keep each batch within one part of the split, "
        "or leave the batch out"
    )
    if batch == batch and biology == biology and batch >= biology:
        text = f"tracks of one batch correlate at {batch:.3f}, replicates of two at {biology:.3f}"
        return Outcome("warning", text, evidence, advice)
    if biology != biology and batch == batch and other == other and batch > other:
        text = (
            f"tracks of one batch correlate at {batch:.3f}, those of two at {other:.3f}; no "
            "biology was measured in two batches, so that they cannot be told apart"
        )
        return Outcome("note", text, evidence, advice)
    return clear("tracks are as alike as their biology, not as their batches", evidence)
