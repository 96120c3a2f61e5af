"""Effects of all small changes in a region, from a model to a table and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, need
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.intervals.regions import read_regions, region_stem
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ShiftOptions, as_path
from zooctl.inference.tracks.choose import choose_tracks, tracks_of
from zooctl.inference.variants.table import VariantScore, VariantScores, score_alleles
from zooctl.interpret.libraries import LETTERS
from zooctl.interpret.options import PICTURES, MutateOptions
from zooctl.interpret.saturation.changes import every_change, map_of
from zooctl.interpret.saturation.measured import MeasuredElement, pearson
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes

_LONGEST = 10_000


@dataclass(frozen=True, eq=False)
class SaturationMap:
    """Effects of all small changes in a region.

    Attributes:
        region: The region; of a construct, the element.
        codes: Its bases, ``(length,)``.
        scores: A row for each change, track and score.
        track: Name of the track of ``predicted``.
        unit: Scale of its scores.
        predicted: Scores of SNVs, ``(4, length)``; NaN at the bases themselves.
        measured: Measured effects, likewise; None where no table was given.
        correlation: Pearson's between both; NaN without a table.
        n: SNVs in both.
    """

    region: Interval
    codes: Codes
    scores: VariantScores
    track: str
    unit: str
    predicted: NDArray[np.float64]
    measured: NDArray[np.float64] | None
    correlation: float
    n: int

    def to_json(self) -> dict[str, Any]:
        """Return figures for programs."""
        return {
            "region": str(self.region),
            "track": self.track,
            "unit": self.unit,
            "changes": len({row[:4] for row in self.scores}),
            "pearson": None if np.isnan(self.correlation) else self.correlation,
            "n": self.n,
        }


def mutate(
    model: OpenModel,
    region: str | None,
    options: MutateOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> SaturationMap:
    """Score every SNV, and short deletions, in a region, as `zooctl score-variants` scores them.

    Args:
        model: The model.
        region: Samtools-style; by default all of a measured element.
        options: Track, deletions, shifts, strands, and measured effects.
        say: Told about the genome.
        progress: Opens the progress display.

    Raises:
        InputError: Region, options and model do not fit each other, or a REF does not.
    """
    if region is None and options.measured is None:
        raise InputError("say which region", expected="--region, or --measured")
    if options.constructs and (options.measured is None or region is not None):
        raise InputError("--constructs reads an element of --measured", expected="no --region")
    card = model.card
    index = _only_track(model, options.track)
    measured = None
    if options.measured is not None:
        path = Path(options.measured)
        measured = MeasuredElement(path, card.assembly, options.element, options.min_n)
    with ExitStack() as stack:
        genome: Genome
        if options.constructs and measured is not None:
            genome, place, alleles = measured.construct()
        else:
            genome = stack.enter_context(model.genome(as_path(options.fasta), say, progress))
            place, alleles = _place(region, measured, genome)
        if place.length > _LONGEST:
            raise InputError("the region is too long", got=place, expected=f"<= {_LONGEST:,} bp")
        changes = every_change(genome, place, options.deletions)
        if not changes:
            raise InputError("the region has no known base", got=place)
        codes = genome.padded_codes(place.chrom, place.start, place.end)
        scores = _score(model, changes, genome, options, progress)
    return _as_map(place, codes, scores, tracks_of(card)[index].name, measured, alleles)


def _only_track(model: OpenModel, track: str | None) -> int:
    names = [one.name for one in tracks_of(model.card)]
    if track is None and len(names) > 1:
        raise InputError("one track is drawn", field="track", expected=f"one of {', '.join(names)}")
    return choose_tracks([model.card], [] if track is None else [track])[0][0]


def _place(
    region: str | None, measured: MeasuredElement | None, genome: Genome
) -> tuple[Interval, list[Allele]]:
    own, alleles = (None, []) if measured is None else measured.on_genome(genome)
    if region is not None:
        (own,) = read_regions(None, [region]).within(genome.contigs)
    assert own is not None
    return own, alleles


def _score(
    model: OpenModel,
    changes: Sequence[Allele],
    genome: Genome,
    options: MutateOptions,
    progress: Progress,
) -> VariantScores:
    max_shift = 0 if options.shifts == 1 else options.max_shift
    shifts = ShiftOptions(
        n_shifts=options.shifts, max_shift=max_shift, seed=options.seed, rc=options.rc
    )
    with progress(len(changes), "changes", model.card.name) as advance:
        return score_alleles(
            model, changes, genome, shifts, inside=options.constructs, advance=advance
        )


def _as_map(
    place: Interval,
    codes: Codes,
    scores: VariantScores,
    track: str,
    measured: MeasuredElement | None,
    alleles: Sequence[Allele],
) -> SaturationMap:
    first: VariantScore = next(row for row in scores if row.track == track)
    predicted = map_of(scores.rows, place, track, (first.statistic, first.kind))
    unit = first.kind.replace("_", " ")
    if measured is None:
        return SaturationMap(place, codes, scores, track, unit, predicted, None, float("nan"), 0)
    known = measured.map(alleles, place)
    correlation, n = pearson(predicted, known)
    return SaturationMap(place, codes, scores, track, unit, predicted, known, correlation, n)


def write_saturation(
    model: OpenModel,
    region: str | None,
    output: str,
    options: MutateOptions,
    *,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> tuple[SaturationMap, tuple[Path, ...]]:
    """Write the effects of all small changes in a region: a table and a heat map with letters.

    Args:
        model: The model.
        region: As of ``mutate``.
        output: A .tsv, a .png, .pdf or .svg; or a folder for a table and a picture.
        options: As of ``mutate``.
        force: Replace existing files.
        say: Told about the genome.
        progress: Opens the progress display.

    Returns:
        The effects, and the files.

    Raises:
        InputError: As ``mutate``; or the output can't be written, or a library is missing.
    """
    stem = region_stem(region or options.element or "element")
    base = f"{stem}.{model.card.name}"
    target = file_named(output, (".tsv", *PICTURES), default=f"{base}.tsv")
    targets = [target]
    if str(output) != str(target):
        targets.append(target.with_name(f"{base}.png"))
    for path in targets:
        check_output(path, force)
    if targets[-1].suffix.lower() != ".tsv":
        need(LETTERS, "a picture of effects")
    found = mutate(model, region, options, say=say, progress=progress)
    for path in targets:
        if path.suffix.lower() == ".tsv":
            _write_table(path, found, force)
        else:
            draw_map(path, model.card.name, found, force=force)
    return found, tuple(targets)


def _write_table(target: Path, found: SaturationMap, force: bool) -> None:
    """Write a row a change, track and score; positions count from 1, as in a VCF."""
    names = ["chrom", "pos", *VariantScore._fields[2:12], "measured"]
    lines = ["\t".join(names) + "\n"]
    for row in found.scores:
        measured = "."
        if found.measured is not None and len(row.ref) == len(row.alt) == 1:
            value = found.measured["ACGT".index(row.alt), row.start - found.region.start]
            measured = "." if np.isnan(value) else f"{value:.6g}"
        figures = [f"{value:.6g}" for value in row[8:12]]
        cells = [row.chrom, str(row.start + 1), *row[2:8], *figures, measured]
        lines.append("\t".join(cells) + "\n")
    with atomic_output(target, force=force) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def draw_map(target: Path, model: str, found: SaturationMap, *, force: bool = False) -> None:
    """Draw the effects of SNVs, and below them the measured ones, as heat maps with letters.

    Args:
        target: PNG, PDF or SVG, by its ending.
        model: Name of the model.
        found: The effects.
        force: Replace an existing file.
    """
    from zooctl.interpret.pictures.importance import EffectMap, draw_effect_maps

    maps = [EffectMap(f"{model}, {found.track}", found.predicted, found.unit)]
    title = str(found.region)
    if found.measured is not None:
        maps.append(EffectMap("measured", found.measured, "measured effect"))
        title += f": Pearson {found.correlation:.3f} over {found.n:,} SNVs"
    draw_effect_maps(target, maps, found.region, found.codes, title=title, force=force)
