"""Leaky preprocessing: steps of training that read validation or test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from zooctl.audit.findings import Level, Outcome, Problems, clear, none_to_check, worst
from zooctl.audit.inputs import AuditInputs, control_rows, input_rows, target_rows
from zooctl.audit.pipeline import pipeline_steps
from zooctl.audit.split_data import SplitData
from zooctl.errors import InputError
from zooctl.files.intervals.peaks import Peaks
from zooctl.schema.card import Card, Metric
from zooctl.schema.fields import Split
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import N
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.sampling import Chunks
from zooctl.training.data.windows import TrainingWindows, split_regions, training_windows
from zooctl.training.tracks.bin_values_and_labels import Signal

_SEVERE_SHARE = 0.01


def order(inputs: AuditInputs) -> Outcome:
    """Look for steps of the recipe that are fitted to more than training."""
    found = pipeline_steps(inputs.recipe)
    evidence = {"steps": [step.to_json() for step in found]}
    leaks = [
        f"{step.name} ({' and '.join(part for part in step.reads if part != 'train')})"
        for step in found
        if step.kind == "fitted" and set(step.reads) - {"train"}
    ]
    outside = [
        step.name for step in found if step.kind == "outside" and set(step.reads) > {"train"}
    ]
    if leaks:
        return Outcome(
            "warning",
            f"fitted to more than training: {'; '.join(leaks)}",
            evidence,
            "fit such steps on training regions alone; how much it matters, leakage.blanking "
            "measures for windows and starting values",
        )
    if outside:
        return Outcome(
            "note",
            f"done over the whole genome before the recipe begins: {'; '.join(outside)}",
            evidence,
            "one threshold over all chromosomes says little of any region, but state it",
        )
    return clear(f"{len(found)} steps, each fitted one on training regions alone", evidence)


def blanking(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Blank validation and test, choose training windows again, and compare them.

    The sequence there becomes N, signal and control 0, and peaks there are dropped. Training
    windows, strata of matching and starting means of the output must not change.
    """
    recipe = inputs.recipe
    before = _means(inputs, data.dataset)
    problems = Problems()
    evidence: dict[str, object] = {}
    for part in ("validation", "test"):
        regions = split_regions(getattr(recipe.split, part), data.dataset)
        chroms = {region.chrom for region in recipe.split.train}
        regions = tuple(region for region in regions if region.chrom in chroms)
        if not regions:
            evidence[part] = {"windows_changed": 0, "means_changed": False}
            continue
        blank = blanked(data.dataset, regions)
        changed, total = _changed(inputs, data.windows, blank)
        moved = before != _means(inputs, blank)
        evidence[part] = {"windows_changed": changed, "of": total, "means_changed": moved}
        if changed or moved:
            serious = part == "test" and (moved or changed >= _SEVERE_SHARE * total)
            level: Level = "severe" if serious else "warning"
            subject = f"{changed:,} of {total:,} training windows" if changed else "starting values"
            problems.add(level, f"{subject} change when {part} is taken out")
    if not problems:
        return clear("training windows and starting values know nothing of the rest", evidence)
    return Outcome(
        problems.level,
        str(problems),
        evidence,
        "choose and merge within training regions alone; leave a gap between ranges",
    )


def blanked(dataset: Dataset, regions: tuple[Interval, ...]) -> Dataset:
    """Return a dataset with blank regions; arrays of other contigs are shared."""
    codes, target, control = dict(dataset.codes), dict(dataset.target), dict(dataset.control)
    for chrom in {region.chrom for region in regions}:
        codes[chrom] = codes[chrom].copy()
        target[chrom], control[chrom] = _own(target[chrom]), _own(control[chrom])
    for chrom, start, end in regions:
        codes[chrom][start:end] = N
        target[chrom][:, start:end] = 0
        control[chrom][:, start:end] = 0
    peaks = {name: _outside(some, regions) for name, some in dataset.peaks.items()}
    return replace(dataset, codes=codes, target=target, control=control, peaks=peaks)


def _own(signal: Signal) -> Signal:
    """Return a writable copy of a signal; a memory-mapped one copies written pages only."""
    if not isinstance(signal, np.memmap) or signal.filename is None:
        return signal.copy()
    own: Signal = np.memmap(
        signal.filename, dtype=np.float32, mode="c", offset=signal.offset, shape=signal.shape
    )
    return own


def _outside(peaks: Peaks, regions: tuple[Interval, ...]) -> Peaks:
    """Return the peaks whose middle is in no region."""
    middle = (peaks.start + peaks.end) // 2
    kept = np.ones(len(peaks), np.bool_)
    for chrom, start, end in regions:
        kept &= ~((peaks.chrom == chrom) & (middle >= start) & (middle < end))
    return Peaks(
        peaks.chrom[kept],
        peaks.start[kept],
        peaks.end[kept],
        None if peaks.value is None else peaks.value[kept],
        None if peaks.summit is None else peaks.summit[kept],
    )


def _changed(inputs: AuditInputs, windows: TrainingWindows, blank: Dataset) -> tuple[int, int]:
    """Return the number of training windows that are chosen differently, and of all."""
    old = _rows(windows.positives, windows.negatives)
    try:
        new = _rows(*training_windows(inputs.recipe, blank))
    except InputError:  # no positive is left
        return len(old), len(old)
    return len(np.setxor1d(old, new)), len(old)


def _rows(positives: Chunks, negatives: Chunks) -> NDArray[np.int64]:
    """Number windows by position, stratum and class; both have training's contigs in order."""
    found = [np.empty(0, np.int64)]
    for positive, chunks in enumerate((negatives, positives)):
        stratum = np.int64(0) if chunks.stratum is None else chunks.stratum
        found.append((((chunks.chrom << 32) + chunks.start) * 64 + stratum) * 2 + positive)
    return np.unique(np.concatenate(found))


def _means(inputs: AuditInputs, dataset: Dataset) -> list[float]:
    """Return the means that the output of a new network starts at."""
    regions = split_regions(inputs.recipe.split.train, dataset)
    signals = (dataset.target, dataset.control)
    return [float(value) for signal in signals for value in dataset.mean(signal, regions)]


def same_source(inputs: AuditInputs) -> Outcome:
    """Look for a control or input that is a target, and for one file under two names."""
    recipe = inputs.recipe
    problems = Problems()
    by_digest: dict[str, list[str]] = {}
    for source in recipe.sources:
        if source.sha256 is not None:
            by_digest.setdefault(source.sha256, []).append(source.id)
    target = {recipe.source(row.signal.source).sha256: row.name for row in target_rows(recipe)}
    given = [("control", row) for row in control_rows(recipe)]
    given += [("input", row) for row in input_rows(recipe)]
    for kind, row in given:
        digest = recipe.source(row.signal.source).sha256
        if digest is not None and digest in target:
            problems.add(
                "severe", f"{kind} {row.name} is the file that track {target[digest]} is of"
            )
    for names in by_digest.values():
        if len(names) > 1:
            problems.add("warning", f"sources {' and '.join(names)} are one file")
    if not problems:
        return clear(f"{len(by_digest)} sources, all different files")
    return Outcome(problems.level, str(problems), advice="name the file of each experiment")


def figures(card: Card | None) -> Outcome:
    """Look for figures of the card on regions where the model was trained or chosen.

    Figures of external data are reported apart, as they belong to no part of the split.
    """
    if card is None or not card.metrics:
        return none_to_check("no card with metrics" if card is None else "card has no metrics")
    by_part: dict[str, list[str]] = {}
    for metric in card.metrics:
        by_part.setdefault(metric.split, []).append(metric.name)
    evidence = {part: sorted(set(names)) for part, names in by_part.items()}
    found = _of_the_split(card, evidence)
    external = [metric for metric in card.metrics if metric.split == "external"]
    if not external:
        return found
    level, text = _external(card.split, external)
    return Outcome(
        worst([found.level, level]),
        f"{found.summary}; external: {len(external)} of {len(card.metrics)}, {text}",
        evidence,
        found.advice or ("say on the card what training saw of them" if level != "clear" else ""),
    )


def _of_the_split(card: Card, evidence: dict[str, list[str]]) -> Outcome:
    """Return the outcome for figures that were measured on parts of the split."""
    if "train" in evidence:
        return Outcome(
            "severe",
            f"measured on training regions: {', '.join(evidence['train'])}",
            evidence,
            "measure on the test regions (zooctl evaluate)",
        )
    if "validation" in evidence:
        headline = card.metrics[0].split == "validation"
        return Outcome(
            "severe" if headline else "warning",
            "measured where the epoch was chosen: " + ", ".join(evidence["validation"]),
            evidence,
            "measure on test regions; figures of validation flatter",
        )
    tested, n = sum(metric.split == "test" for metric in card.metrics), len(card.metrics)
    if tested == n:
        return clear(f"{n} figures, all of the test regions", evidence)
    return clear(f"of the test regions: {tested} of {n} figures", evidence)


def _external(split: Split | None, metrics: list[Metric]) -> tuple[Level, str]:
    """Count figures of external data by the part of the split that their chromosomes are in.

    Whether training saw their sequences remains open: a sequence of a training region need not
    have been trained on.
    """
    apart = "whether training saw their sequences is not judged by the split"
    told = [metric for metric in metrics if metric.chroms]
    if split is None or not told:
        return "note", f"{apart}, and their chromosomes are not told"
    on = {
        part: sum(
            any(region.chrom in metric.chroms for region in getattr(split, part)) for metric in told
        )
        for part in ("train", "validation", "test")
    }
    counts = ", ".join(f"{n} of {part}" for part, n in on.items())
    untold = len(metrics) - len(told)
    text = f"{apart}; by chromosome, {counts}" + (f", {untold} not told" if untold else "")
    return ("note" if on["train"] or on["validation"] or untold else "clear"), text
