"""Distribution shift: differences between parts of a split, or between sources."""

from __future__ import annotations

from collections.abc import Mapping

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
)
from zooctl.audit.inputs import AuditInputs, target_rows
from zooctl.audit.split_data import PARTS, SplitData, Values
from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.table import read_table
from zooctl.schema.recipe.sources import Source
from zooctl.training.tracks.signals_and_labels import Files

# Kolmogorov-Smirnov distance: largest difference between the shares of windows below any value.
# It is an effect size; at thousands of windows every p-value is small.
_NOTE, _WARNING, _SEVERE = 0.1, 0.2, 0.5

# Share of a source's intervals that a lift drops.
_DROPPED = 0.01


def ks(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the Kolmogorov-Smirnov distance between two samples, 0 to 1.

    >>> ks(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6]))
    0.5
    """
    values = np.unique(np.concatenate([one, other]))
    below = [
        np.searchsorted(np.sort(side), values, side="right") / len(side) for side in (one, other)
    ]
    return float(np.abs(below[0] - below[1]).max())


def _compare(by_part: Mapping[str, Values]) -> tuple[float, dict[str, object]]:
    """Return the largest distance of a part from training, and the figures of each part."""
    largest = 0.0
    figures: dict[str, object] = {}
    train = by_part["train"].astype(np.float64)
    for part, values in by_part.items():
        if not len(values):
            continue
        found: dict[str, object] = {
            "windows": len(values),
            "mean": rounded(values.mean(dtype=np.float64)),
            "median": rounded(float(np.median(values))),
            "sd": rounded(values.std(dtype=np.float64)),
        }
        if part != "train" and len(train):
            distance, sd = ks(train, values), train.std()
            found["ks"] = rounded(distance)
            found["difference_in_sd"] = rounded((values.mean() - train.mean()) / sd) if sd else None
            largest = max(largest, distance)
        figures[part] = found
    return largest, figures


def _shift(values: Mapping[str, Mapping[str, Values]], measure: str, advice: str) -> Outcome:
    """Compare validation and test with training, in each of several measures."""
    compared = {name: _compare(by_part) for name, by_part in values.items()}
    name = max(compared, key=lambda key: compared[key][0])
    largest = compared[name][0]
    evidence = {key: figures for key, (_, figures) in compared.items()}
    level = graded(largest, _NOTE, _WARNING, _SEVERE)
    where = f" (most in {name})" if len(compared) > 1 else ""
    if level == "clear":
        return clear(f"{measure} is alike in all parts, KS at most {largest:.3f}{where}", evidence)
    text = f"{measure} differs between training and evaluation: KS {largest:.3f}{where}"
    return Outcome(level, text, evidence, advice)


def signal(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Compare the mean signal of windows between parts, for each track."""
    values = {
        track: {part: data.means[part][row] for part in PARTS}
        for row, track in enumerate(inputs.tracks)
    }
    advice = "report baselines on the same windows; do not compare figures between the parts"
    return _shift(values, f"mean signal of {data.unit:,} bp", advice)


def gc(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Compare the GC content of windows between parts."""
    advice = "report figures within steps of GC content, or match the parts by it"
    return _shift({"gc": data.gc}, f"GC content of {data.unit:,} bp", advice)


def unknown(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Compare the share of N in windows between parts."""
    advice = "limit N alike in all parts (windows.max_unknown)"
    return _shift({"unknown": data.unknown}, f"share of N in {data.unit:,} bp", advice)


def sources(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Look for tracks of one assay from different processing or origin."""
    recipe = inputs.recipe
    groups: dict[tuple[str | None, str], list[int]] = {}
    tracks = target_rows(recipe)
    for number, row in enumerate(tracks):
        assay = recipe.source(row.signal.source).assay
        groups.setdefault((assay, row.signal.key), []).append(number)
    several = {key: rows for key, rows in groups.items() if len(rows) > 1}
    if not several:
        return none_to_check("no two tracks of one assay")
    problems = Problems()
    evidence: dict[str, object] = {}
    for (assay, key), rows in several.items():
        files = [recipe.source(tracks[row].signal.source) for row in rows]
        for field, level in _FIELDS.items():
            values = sorted({str(getattr(source, field)) for source in files})
            if len(values) > 1:
                problems.add(level, f"{field} of {assay} tracks: {_counted(files, field)}")
        distance, pair = _most_different(data, rows)
        evidence[f"{assay} {key}"] = {
            "tracks": [inputs.tracks[row] for row in rows],
            "largest_ks": rounded(distance),
            "between": [inputs.tracks[row] for row in pair],
        }
        # Depth is taken out; cell types differ by nature, so the rest is only noted.
        if distance >= _WARNING:
            problems.add(
                "note",
                f"{assay} signal over its mean differs most between "
                f"{' and '.join(inputs.tracks[row] for row in pair)}, KS {distance:.3f}",
            )
    if not problems:
        return clear("tracks of one assay come from one origin and look alike", evidence)
    return Outcome(
        problems.level,
        str(problems),
        evidence,
        "process all tracks of an assay in one way; do not read differences between such tracks "
        "as biology",
    )


_FIELDS: dict[str, Level] = {"output_type": "warning", "assembly": "note", "citation": "note"}


def _counted(files: list[Source], field: str) -> str:
    values = [str(getattr(source, field)) for source in files]
    return ", ".join(f"{value} ({values.count(value)})" for value in sorted(set(values)))


def _most_different(data: SplitData, rows: list[int]) -> tuple[float, tuple[int, int]]:
    """Return the largest distance between training signals over their means, and its rows."""
    means = data.means["train"].astype(np.float64)
    scaled = means / np.maximum(means.mean(axis=1, keepdims=True), 1e-12)
    pairs = [(one, other) for i, one in enumerate(rows) for other in rows[i + 1 :]]
    distances = [ks(scaled[one], scaled[other]) for one, other in pairs]
    best = int(np.argmax(distances))
    return distances[best], pairs[best]


def assemblies(inputs: AuditInputs, files: Files) -> Outcome:
    """Look for lifted sources, and for bigWigs whose contigs differ from the genome's."""
    recipe = inputs.recipe
    problems = Problems()
    evidence: dict[str, object] = {"genome": recipe.genome.assembly}
    for source in recipe.sources:
        if source.lift is not None:
            dropped, total = _lifted(files, source)
            share = dropped / max(total, 1)
            problems.add(
                "warning" if share >= _DROPPED else "note",
                f"{source.id} is lifted from {source.assembly}, {share:.2%} are lost",
            )
            evidence[source.id] = {
                "assembly": source.assembly,
                "intervals": total,
                "dropped": dropped,
            }
    for name in _bigwigs(inputs):
        if wrong := _contigs(inputs, files, name):
            problems.add("severe", f"{name}: {'; '.join(wrong)}")
            evidence[name] = wrong
    if not problems:
        return clear(f"every source lies on {recipe.genome.assembly}", evidence)
    return Outcome(
        problems.level,
        str(problems),
        evidence,
        "take sources of the genome's own assembly; a lift loses and moves places, most of them "
        "repeats and duplications",
    )


def _lifted(files: Files, source: Source) -> tuple[int, int]:
    """Return the number of intervals of a source that a lift drops, and of all."""
    table = read_table(files.paths[source.id], files.chain(source.id))
    return table.n_dropped, len(table.intervals) + table.n_dropped


def _bigwigs(inputs: AuditInputs) -> list[str]:
    recipe = inputs.recipe
    named = [signal.source for _, signal in recipe.signals() if signal.key == "bigwig"]
    own = [sample.sources.get(name, name) for sample in recipe.samples for name in named]
    return list(dict.fromkeys(own or named))


def _contigs(inputs: AuditInputs, files: Files, name: str) -> list[str]:
    """Return the differences between contigs of a bigWig and of the genome."""
    split = inputs.recipe.split
    chroms = {region.chrom for part in PARTS for region in getattr(split, part)}
    try:
        with BigWig(files.paths[name]) as file:
            lengths = file.contigs
    except InputError as error:
        return [str(error)]
    wrong = []
    for chrom in sorted(chroms):
        got, expected = lengths.get(chrom), files.contigs.get(chrom)
        if got is None:
            wrong.append(f"no {chrom}")
        elif got != expected:
            wrong.append(f"{chrom} of {got:,} bp, in the genome {expected or 0:,}")
    return wrong
