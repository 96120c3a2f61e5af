"""Evaluation data from files: bigWig tracks or peaks in place of a recipe's targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from zooctl.errors import InputError, NetworkError
from zooctl.evaluation.data.evaluation_data import (
    EvaluatedTrack,
    EvaluationData,
    ExcludedBases,
    MeasuredTrack,
    check_regions,
    check_track,
    known_motifs,
    open_genome,
)
from zooctl.evaluation.data.from_recipe import (
    average_over_samples,
    excluded_places,
    signal_of,
    signal_reader,
)
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.disk.pinned import file_digest
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.bed import read_bed
from zooctl.files.intervals.peaks import Peaks, read_peaks
from zooctl.progress import Say, silent
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import sources_of
from zooctl.sequence.contigs import CHROM_MAP_HINT, other_style, unknown_contig
from zooctl.sequence.pileup import covered
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning, Signal, binning_of
from zooctl.training.tracks.signals_and_labels import cached

ReadContig = Callable[[Path, str, int], Signal]
Bases = Mapping[str, Signal]

_BIGWIG = (".bw", ".bigwig")
# A bin is positive when peaks cover half of it, and unknown when they cover less.
_LABELS = Binning("label")
_CHUNK = 1 << 22


@contextmanager
def open_file_data(
    tracks: Sequence[EvaluatedTrack],
    files: Sequence[Path],
    *,
    assembly: str,
    split: Split,
    recipe: Recipe | None = None,
    fasta: Path | None = None,
    sample: str | None = None,
    say: Say = silent,
) -> Iterator[EvaluationData]:
    """Open a genome and read tracks (bigWig) or peaks (BED, narrowPeak) to evaluate a model on.

    Baselines are fitted on chromosomes that the genome and all files hold. A chromosome on whose
    training regions a file has no record counts as left out of it, not as free of signal.

    Args:
        tracks: Tracks to evaluate.
        files: One for all tracks, or one per track.
        assembly: Assembly of the files and of the recipe.
        split: Regions to fit baselines on and to evaluate.
        recipe: Bins files as its targets, and has controls; None for means of a bigWig's bases.
        fasta: Genome in place of the assembly's.
        sample: Name of the sample that the files are of; the average over the samples of the recipe
            is a baseline.
        say: Told which genome is used, which steps take time, and which contigs are left out.

    Raises:
        InputError: Files or genome are not here, do not fit each other, or are too many.
    """
    if len(files) not in (1, len(tracks)):
        raise InputError(
            "give one file for all tracks, or one a track",
            field="--against",
            got=len(files),
            expected=f"1 or {len(tracks)}: {', '.join(track.name for track in tracks)}",
        )
    paths = list(files) if len(files) == len(tracks) else list(files) * len(tracks)
    with open_genome(assembly, fasta, say) as genome:
        split = _drop_absent(split, genome, say)
        check_regions(genome, (*split.train, *split.validation, *split.test))
        signals = {path: _read_signal(path, genome, split, say) for path in dict.fromkeys(paths)}
        covered_split, unfitted = _drop_uncovered(split, signals, say)
        measured = [
            MeasuredTrack(path.name, signals[path], _binning(track, recipe, path))
            for track, path in zip(tracks, paths, strict=True)
        ]
        has_coverage = not all(one.binning.is_label for one in measured)
        motifs, no_motif = known_motifs(tracks)
        yield EvaluationData(
            genome,
            tracks,
            measured,
            covered_split,
            controls=_read_controls(recipe, genome, split, say)
            if has_coverage and recipe is not None
            else (),
            replicates=_average(tracks, recipe, sample, genome, split, say),
            motifs=motifs,
            no_motif=no_motif,
            unfitted=unfitted,
            exclusion=_read_exclusion(recipe, genome, covered_split, say),
        )


def _is_track(path: Path) -> bool:
    return path.suffix.lower() in _BIGWIG


def _binning(track: EvaluatedTrack, recipe: Recipe | None, path: Path) -> Binning:
    """Return the binning of a file: that of the recipe's target, if both are labels or neither."""
    signal = None if recipe is None else signal_of(track, recipe)
    if signal is not None:
        found = binning_of(signal)
        if found.is_label != _is_track(path):
            return found
    return PLAIN if _is_track(path) else _LABELS


def _read_signal(path: Path, genome: Fasta, split: Split, say: Say) -> dict[str, Signal]:
    """Return the signal per base of each contig of the split, cached by the file's content.

    Contigs without a test region that a bigWig lacks are left out.
    """
    if not path.is_file():
        raise InputError("no such file", path=path)
    digest = file_digest(path)[:32]
    tested = dict.fromkeys(region.chrom for region in split.test)
    others = dict.fromkeys(region.chrom for region in (*split.train, *split.validation))
    read: ReadContig
    if _is_track(path):
        with BigWig(path) as track:
            chroms = list(tested | {chrom: None for chrom in others if chrom in track.contigs})
        check_track(genome, path, chroms)
        name, read = digest, _track_bases
    else:
        peaks = read_peaks(path)
        _check_peaks(path, genome.contigs)
        chroms = list(tested | others)
        name, read = f"{digest}-covered", partial(_peak_bases, peaks)
    return {
        chrom: cached(name, chrom, length, partial(read, path, chrom, length), say, label)
        for chrom, length, label in (
            (chrom, genome.contigs[chrom], f"{path.name} {chrom}") for chrom in chroms
        )
    }


def _check_peaks(path: Path, contigs: Mapping[str, int]) -> None:
    """Refuse peaks that do not fit the genome, which may lack some of their contigs.

    Raises:
        InputError: The genome has none of the contigs, or one ends before a peak; names the line.
    """
    bed = read_bed(path)
    if not any(interval.chrom in contigs for interval in bed):
        error = unknown_contig(bed[0].chrom, contigs, path=path, line=bed.lines[0])
        if error.hint == CHROM_MAP_HINT:
            error.hint = f"write contigs as the genome does: {other_style(bed[0].chrom)}"
        raise error
    for (chrom, _, end), line in zip(bed, bed.lines, strict=True):
        if end > contigs.get(chrom, end):
            raise InputError(
                "interval goes beyond its contig",
                path=path,
                line=line,
                got=f"{end:,}",
                expected=f"at most {contigs[chrom]:,}, the length of {chrom}",
                hint="is the file of another assembly?",
            )


def _track_bases(path: Path, chrom: str, length: int) -> Signal:
    with BigWig(path) as track:
        return np.nan_to_num(track.values(chrom, 0, length), nan=0.0)


def _peak_bases(peaks: Peaks, path: Path, chrom: str, length: int) -> Signal:
    here = peaks.on(chrom)
    return covered(here.start, here.end, length).astype(np.float32)


def _drop_absent(split: Split, genome: Fasta, say: Say) -> Split:
    """Return the split without training and validation contigs that the genome lacks."""
    fitted = (*split.train, *split.validation)
    absent = dict.fromkeys(one.chrom for one in fitted if one.chrom not in genome.contigs)
    if not absent:
        return split
    say(f"baselines are neither fitted nor chosen on {', '.join(absent)}: not in the genome")
    return Split(
        train=tuple(one for one in split.train if one.chrom not in absent),
        validation=tuple(one for one in split.validation if one.chrom not in absent),
        test=split.test,
    )


def _drop_uncovered(split: Split, signals: Mapping[Path, Bases], say: Say) -> tuple[Split, str]:
    """Return the split without contigs that a file leaves out, and why none is left if so."""
    parts = {"train": split.train, "validation": split.validation}
    not_trained = []
    for path, bases in signals.items():
        left_out = {part: _without_record(getattr(split, part), bases) for part in parts}
        for part, chroms in left_out.items():
            parts[part] = tuple(one for one in parts[part] if one.chrom not in chroms)
        if left_out["train"]:
            not_trained.append(path.name)
        if where := ", ".join(dict.fromkeys(chain(*left_out.values()))):
            say(
                f"baselines are neither fitted nor chosen on {where}: {path.name} has nothing there"
            )
    unfitted = EvaluationData.unfitted
    if split.train and not parts["train"]:
        unfitted = f"nothing of {', '.join(not_trained)} in the training regions"
    return Split(**parts, test=split.test), unfitted


def _without_record(regions: Sequence[Region], bases: Bases) -> list[str]:
    """Return the contigs that a file lacks, or in whose regions its every base is 0."""
    with_record = set()
    for region in regions:
        if region.chrom in bases and region.chrom not in with_record:
            signal = bases[region.chrom]
            _, start, end = region.interval(len(signal))
            # As a rule, the first part of a chromosome decides.
            if any(signal[at : min(at + _CHUNK, end)].any() for at in range(start, end, _CHUNK)):
                with_record.add(region.chrom)
    chroms = dict.fromkeys(region.chrom for region in regions)
    return [chrom for chrom in chroms if chrom not in with_record]


def _average(
    tracks: Sequence[EvaluatedTrack],
    recipe: Recipe | None,
    sample: str | None,
    genome: Fasta,
    split: Split,
    say: Say,
) -> list[MeasuredTrack]:
    """Return the average over the samples of a recipe; none if their files are not here."""
    if recipe is None or sample is None:
        return []
    chroms = list(dict.fromkeys(region.chrom for region in split.test))
    try:
        bases = signal_reader(recipe, [one.id for one in recipe.sources], genome, chroms, say)
        return average_over_samples(tracks, recipe, sample, bases, split)
    except (InputError, NetworkError) as error:
        say(f"without the samples of {recipe.name}: {error}")
        return []


def _read_exclusion(recipe: Recipe | None, genome: Fasta, split: Split, say: Say) -> ExcludedBases:
    """Return the places that a recipe excludes; none if their files are not here."""
    if recipe is None:
        return ExcludedBases()
    regions = (*split.train, *split.validation, *split.test)
    chroms = list(dict.fromkeys(region.chrom for region in regions))
    try:
        return excluded_places(recipe, genome, chroms, say)
    except (InputError, NetworkError) as error:
        say(f"without the excluded places of {recipe.name}: {error}")
        return ExcludedBases()


def _read_controls(recipe: Recipe, genome: Fasta, split: Split, say: Say) -> list[Bases]:
    """Return a recipe's controls on contigs of test regions; none if they are not here.

    Whether a bin is positive is asked there alone.
    """
    sources = {name for one in recipe.controls for name in sources_of(one.signal).values()}
    sources |= {lift for name in sources if (lift := recipe.source(name).lift) is not None}
    chroms = list(dict.fromkeys(region.chrom for region in split.test))
    try:
        bases = signal_reader(recipe, sorted(sources), genome, chroms, say)
        return [bases(control.signal) for control in recipe.controls]
    except (InputError, NetworkError) as error:
        say(f"without the controls of {recipe.name}: {error}")
        return []
