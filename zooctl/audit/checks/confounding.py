"""Confounding: depth, GC content or gene density that explain the signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zooctl.audit.findings import (
    Level,
    Outcome,
    Problems,
    clear,
    graded,
    none_to_check,
    rounded,
    worst,
)
from zooctl.audit.inputs import AuditInputs, control_rows, target_rows
from zooctl.audit.split_data import SplitData, Values
from zooctl.audit.window_stats import composition
from zooctl.evaluation.metrics.classification import auroc
from zooctl.evaluation.metrics.regression import pearson
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Integers
from zooctl.training.data.sampling import Chunks, draw_matched
from zooctl.training.data.windows import split_regions

# Limits of the ratio of depths, largest over smallest.
_DEPTH_NOTE, _DEPTH_WARNING = 1.25, 2.0
# Limits of AUROC and R² of one covariate alone.
_AUROC = (0.65, 0.75, 0.9)
_R2 = (0.1, 0.25, 0.5)
# Bases read at a time.
_BLOCK = 1 << 22


def depth(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Compare the mean signal of tracks of one assay, and of signal and control."""
    recipe, dataset = inputs.recipe, data.dataset
    if len(target_rows(recipe)) == 1 and not recipe.controls:
        return none_to_check("one track and no control")
    regions = tuple(
        region
        for part in ("train", "validation", "test")
        for region in split_regions(getattr(recipe.split, part), dataset)
    )
    target = _coverage(dataset.target, regions)
    control = _coverage(dataset.control, regions)
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, row in enumerate(target_rows(recipe)):
        signal = row.signal
        kind = (recipe.source(signal.source).assay, signal.key, getattr(signal, "extend", None))
        groups.setdefault(kind, []).append(number)
    problems = Problems()
    evidence: dict[str, object] = {
        "targets": {
            track: rounded(value) for track, value in zip(inputs.tracks, target, strict=True)
        },
        "controls": {
            given.name: rounded(value)
            for given, value in zip(control_rows(recipe), control, strict=True)
        },
    }
    for rows in groups.values():
        low, high = min(rows, key=lambda row: target[row]), max(rows, key=lambda row: target[row])
        ratio = target[high] / target[low] if target[low] > 0 else float("inf")
        level = _graded_depth(ratio)
        if level != "clear" and len(rows) > 1:
            deep, thin = inputs.tracks[high], inputs.tracks[low]
            problems.add(level, f"{deep} has {ratio:.2f} times the signal of {thin}")
    for given, value in zip(control_rows(recipe), control, strict=True):
        lowest = float(min(target))
        ratio = max(lowest / value, value / lowest) if value > 0 and lowest > 0 else float("inf")
        level = _graded_depth(ratio)
        if level != "clear":
            problems.add(level, f"signal and control {given.name} differ {ratio:.2f} times")
    if not problems:
        return clear("tracks and controls are about as deep as each other", evidence)
    return Outcome(
        problems.level,
        f"{problems} (means per base)",
        evidence,
        "draw as many reads of each (depth), or do not compare heights between tracks",
    )


def _graded_depth(ratio: float) -> Level:
    """Return the severity of a ratio of depths, never worse than a warning."""
    return "warning" if ratio >= _DEPTH_WARNING else "note" if ratio >= _DEPTH_NOTE else "clear"


def _coverage(signal: Mapping[str, Values], regions: Sequence[Interval]) -> NDArray[np.float64]:
    """Return the mean of each row over regions, without unknown labels."""
    total: NDArray[np.float64] | float = 0.0
    bases: NDArray[np.int64] | int = 0
    for chrom, start, end in regions:
        for low in range(start, end, _BLOCK):
            part = signal[chrom][:, low : min(low + _BLOCK, end)]
            known = ~np.isnan(part)
            total = total + part.sum(axis=1, where=known, dtype=np.float64)
            bases = bases + known.sum(axis=1)
    return np.asarray(total / np.maximum(bases, 1), dtype=np.float64)


def gc(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Measure the signal that GC content alone explains, on validation and in training windows."""
    found = _explained(inputs, data, data.gc)
    drawn = _drawn(inputs, data)
    evidence = {**found, "training_draw": {"auroc": rounded(drawn)}}
    levels = [_level(figures) for figures in found.values()]
    # A network can learn classes from GC alone, where negatives were drawn without regard to it.
    if max(drawn, 1 - drawn) >= _AUROC[1]:
        levels.append("warning")
    return _covariate("GC content", worst(levels), found, evidence, drawn)


def _covariate(
    name: str,
    level: Level,
    found: Mapping[str, Mapping[str, object]],
    evidence: Mapping[str, object],
    drawn: float = float("nan"),
) -> Outcome:
    track = max(found, key=lambda key: _height(found[key]))
    figures = found[track]
    text = f"R² {shown(figures['r2'])}, AUROC {shown(figures['auroc'])} for {track} on validation"
    if drawn == drawn:
        text += f"; AUROC {drawn:.3f} among the windows that training draws"
    if level == "clear":
        return clear(f"{name} alone explains little: {text}", evidence)
    advice = f"report the model beside {name} alone" + (
        ", and draw negatives of the positives' GC content (windows.matching: gc)"
        if drawn == drawn
        else ""
    )
    return Outcome(level, f"{name} alone explains part of the signal: {text}", evidence, advice)


def shown(value: object) -> str:
    """Return a figure with three decimals, or ``-`` for None."""
    return "-" if value is None else f"{value:.3f}"


def _height(figures: Mapping[str, object]) -> float:
    """Return the largest of a covariate's figures, AUROC rescaled from 0.5-1 to 0-1."""
    r2, area = figures["r2"], figures["auroc"]
    r2 = r2 if isinstance(r2, float) else 0.0
    return max(r2, 2 * area - 1 if isinstance(area, float) else 0.0)


def _level(figures: Mapping[str, object]) -> Level:
    r2, area = figures["r2"], figures["auroc"]
    return worst(
        [
            graded(r2 if isinstance(r2, float) else 0.0, *_R2),
            graded(area if isinstance(area, float) else 0.0, *_AUROC),
        ]
    )


def _explained(
    inputs: AuditInputs, data: SplitData, covariate: Mapping[str, Values]
) -> dict[str, dict[str, object]]:
    """Fit a quadratic in one covariate on training; return its R² and AUROC on validation."""
    found: dict[str, dict[str, object]] = {}
    design = {part: _powers(covariate[part]) for part in ("train", "validation")}
    for row, track in enumerate(inputs.tracks):
        train = data.means["train"][row].astype(np.float64)
        truth = data.means["validation"][row].astype(np.float64)
        weights = np.linalg.lstsq(design["train"], train, rcond=None)[0]
        guess = design["validation"] @ weights
        spread = ((truth - truth.mean()) ** 2).sum()
        labels = data.labels["validation"][row]
        known = ~np.isnan(labels)
        r2 = 1 - ((truth - guess) ** 2).sum() / spread if spread else float("nan")
        found[track] = {
            "r2": rounded(max(r2, 0.0)) if r2 == r2 else None,
            "auroc": rounded(auroc(guess[known], labels[known] == 1)),
            "pearson": rounded(pearson(guess, truth)),
        }
    return found


def _powers(covariate: Values) -> NDArray[np.float64]:
    """Return columns 1, x and x², ``(n, 3)``."""
    return np.vander(covariate.astype(np.float64), 3)


def _drawn(inputs: AuditInputs, data: SplitData) -> float:
    """Return the AUROC of GC between positives and an epoch's negatives; NaN without these."""
    windows, recipe = data.windows, inputs.recipe
    n = windows.n_negatives(recipe)
    if not n or not len(windows.positives):
        return float("nan")
    rng = np.random.default_rng(0)
    strata, offered = windows.positives.stratum, windows.negatives.stratum
    if strata is None or offered is None:
        rows = rng.choice(len(windows.negatives), size=n, replace=False)
    else:
        rows = draw_matched(rng, strata, offered, n)
    positive = composition(data.dataset, windows.positives)[0]
    negative = composition(data.dataset, windows.negatives.take(rows))[0]
    scores = np.concatenate([positive, negative])
    return float(auroc(scores, np.arange(len(scores)) < len(positive)))


def genes(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Measure the signal that the share of a window in genes explains."""
    if inputs.genes is None:
        return Outcome("not run", "no gene annotation (give one with --genes)")
    here = inputs.genes.keys() & data.dataset.codes.keys()
    if not here:
        return Outcome("not run", "the annotation has none of the split's contigs")
    density = {part: gene_share(inputs, data, chunks) for part, chunks in data.parts.items()}
    found = _explained(inputs, data, density)
    level = worst([_level(figures) for figures in found.values()])
    shares = {part: rounded(float(values.mean())) for part, values in density.items()}
    return _covariate("gene density", level, found, {**found, "share_in_genes": shares})


def gene_share(inputs: AuditInputs, data: SplitData, chunks: Chunks) -> Values:
    """Return the share of each core's bases that lie in a gene, ``(n,)``."""
    length = data.unit
    found = np.zeros(len(chunks), np.float32)
    for number, chrom in enumerate(chunks.chroms):
        rows = np.flatnonzero(chunks.chrom == number)
        if inputs.genes is None or chrom not in inputs.genes:
            continue
        starts, ends = inputs.genes[chrom]
        low = chunks.start[rows]
        found[rows] = (_before(starts, ends, low + length) - _before(starts, ends, low)) / length
    return found


def _before(starts: Integers, ends: Integers, places: Integers) -> Integers:
    """Return the number of bases of merged intervals before each position."""
    total = np.concatenate([[0], np.cumsum(ends - starts)])
    row = np.searchsorted(starts, places, side="right")
    last = np.maximum(row - 1, 0)
    over = np.where(row > 0, np.maximum(ends[last] - places, 0), 0)
    return np.asarray(total[row] - over, dtype=np.int64)
