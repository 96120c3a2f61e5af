"""Distribution shift: parts of a split, or sources, that differ from each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zooctl.audit.data import PARTS, AuditData, Data, Values
from zooctl.audit.data import rows as rows_of
from zooctl.audit.outcome import Level, Outcome, clear, graded, none_to_check, rounded, worst
from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.table import read_table
from zooctl.schema.recipe.sources import Source
from zooctl.tracks.per_base import Files

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
    """Return the largest distance of a part from training, and each part's figures."""
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


def _shift(values: Mapping[str, Mapping[str, Values]], what: str, advice: str) -> Outcome:
    """Judge how far validation and test are from training, in each of several measures."""
    compared = {name: _compare(by_part) for name, by_part in values.items()}
    name = max(compared, key=lambda key: compared[key][0])
    largest = compared[name][0]
    evidence = {key: figures for key, (_, figures) in compared.items()}
    level = graded(largest, _NOTE, _WARNING, _SEVERE)
    where = f" (most in {name})" if len(compared) > 1 else ""
    if level == "clear":
        return clear(f"{what} is alike in all parts, KS at most {largest:.3f}{where}", evidence)
    text = f"{what} differs between training and what judges it: KS {largest:.3f}{where}"
    return Outcome(level, text, evidence, advice)


def signal(material: AuditData, data: Data) -> Outcome:
    """Compare the mean signal of windows between parts, for each track."""
    values = {
        track: {part: data.means[part][row] for part in PARTS}
        for row, track in enumerate(material.tracks)
    }
    advice = "report baselines on the same windows; do not compare figures between the parts"
    return _shift(values, f"mean signal of {data.unit:,} bp", advice)


def gc(material: AuditData, data: Data) -> Outcome:
    """Compare the GC content of windows between parts."""
    advice = "report figures within steps of GC content, or match the parts by it"
    return _shift({"gc": data.gc}, f"GC content of {data.unit:,} bp", advice)


def unknown(material: AuditData, data: Data) -> Outcome:
    """Compare the share of N in windows between parts."""
    advice = "limit N alike in all parts (windows.max_unknown)"
    return _shift({"unknown": data.unknown}, f"share of N in {data.unit:,} bp", advice)


def sources(material: AuditData, data: Data) -> Outcome:
    """Look for tracks of one assay that come from different processing or origin."""
    recipe = material.recipe
    groups: dict[tuple[str | None, str], list[int]] = {}
    tracks = rows_of(recipe)
    for number, row in enumerate(tracks):
        assay = recipe.source(row.signal.source).assay
        groups.setdefault((assay, row.signal.key), []).append(number)
    several = {key: rows for key, rows in groups.items() if len(rows) > 1}
    if not several:
        return none_to_check("no two tracks of one assay")
    levels: list[Level] = []
    texts = []
    evidence: dict[str, object] = {}
    for (assay, key), rows in several.items():
        files = [recipe.source(tracks[row].signal.source) for row in rows]
        for field, level in _FIELDS.items():
            values = sorted({str(getattr(source, field)) for source in files})
            if len(values) > 1:
                levels.append(level)
                texts.append(f"{field} of {assay} tracks: {_counted(files, field)}")
        distance, pair = _most_different(data, rows)
        evidence[f"{assay} {key}"] = {
            "tracks": [material.tracks[row] for row in rows],
            "largest_ks": rounded(distance),
            "between": [material.tracks[row] for row in pair],
        }
        # What is left when depth is taken out; cell types differ by right, so it is only noted.
        if distance >= _WARNING:
            levels.append("note")
            texts.append(
                f"{assay} signal over its mean differs most between "
                f"{' and '.join(material.tracks[row] for row in pair)}, KS {distance:.3f}"
            )
    if not texts:
        return clear("tracks of one assay come from one origin and look alike", evidence)
    return Outcome(
        worst(levels),
        "; ".join(texts),
        evidence,
        "process all tracks of an assay in one way; do not read differences between such tracks "
        "as biology",
    )


_FIELDS: dict[str, Level] = {"output_type": "warning", "assembly": "note", "citation": "note"}


def _counted(files: list[Source], field: str) -> str:
    values = [str(getattr(source, field)) for source in files]
    return ", ".join(f"{value} ({values.count(value)})" for value in sorted(set(values)))


def _most_different(data: Data, rows: list[int]) -> tuple[float, tuple[int, int]]:
    """Return the largest distance between training signals over their means, and the two rows."""
    means = data.means["train"].astype(np.float64)
    scaled = means / np.maximum(means.mean(axis=1, keepdims=True), 1e-12)
    pairs = [(one, other) for i, one in enumerate(rows) for other in rows[i + 1 :]]
    distances = [ks(scaled[one], scaled[other]) for one, other in pairs]
    best = int(np.argmax(distances))
    return distances[best], pairs[best]


def assemblies(material: AuditData, files: Files) -> Outcome:
    """Look for sources that were lifted, and for bigWigs whose contigs are not the genome's."""
    recipe = material.recipe
    levels: list[Level] = []
    texts = []
    evidence: dict[str, object] = {"genome": recipe.genome.assembly}
    for source in recipe.sources:
        if source.lift is not None:
            dropped, total = _lifted(files, source)
            share = dropped / max(total, 1)
            levels.append("warning" if share >= _DROPPED else "note")
            texts.append(f"{source.id} is lifted from {source.assembly}, {share:.2%} are lost")
            evidence[source.id] = {
                "assembly": source.assembly,
                "intervals": total,
                "dropped": dropped,
            }
    for name in _bigwigs(material):
        if wrong := _contigs(material, files, name):
            levels.append("severe")
            texts.append(f"{name}: {'; '.join(wrong)}")
            evidence[name] = wrong
    if not texts:
        return clear(f"every source lies on {recipe.genome.assembly}", evidence)
    return Outcome(
        worst(levels),
        "; ".join(texts),
        evidence,
        "take sources of the genome's own assembly; a lift loses and moves places, most of them "
        "repeats and duplications",
    )


def _lifted(files: Files, source: Source) -> tuple[int, int]:
    """Return how many intervals of a source a lift drops, of how many."""
    table = read_table(files.paths[source.id], files.chain(source.id))
    return table.n_dropped, len(table.intervals) + table.n_dropped


def _bigwigs(material: AuditData) -> list[str]:
    recipe = material.recipe
    named = [signal.source for _, signal in recipe.signals() if signal.key == "bigwig"]
    own = [sample.sources.get(name, name) for sample in recipe.samples for name in named]
    return list(dict.fromkeys(own or named))


def _contigs(material: AuditData, files: Files, name: str) -> list[str]:
    """Return what is wrong with a bigWig's contigs, held against the genome's."""
    split = material.recipe.split
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
