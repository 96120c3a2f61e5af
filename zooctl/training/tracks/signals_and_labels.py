"""Signals per base, computed once from their sources and cached as memory-mapped files.

A file's name is a digest of the sources and of every value that the bases depend on, so a changed
recipe never reads the signal of an earlier one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.sealed_cache import derived_folder, is_sealed, seal_array
from zooctl.files.intervals.liftover import Chain
from zooctl.files.intervals.peaks import Peaks, read_peaks
from zooctl.files.intervals.reads import Reads, read_fragments, read_reads
from zooctl.files.intervals.table import check_places
from zooctl.progress import Say
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import (
    AnySignal,
    Background,
    BigWigSignal,
    FragmentsSignal,
    KmerValues,
    PeakLabels,
    PeakValues,
    ReadsSignal,
    VariantEffect,
    sources_of,
)
from zooctl.sequence.pileup import covered, cut_sites, extended, pile_up, step_track
from zooctl.training.tracks.bin_values_and_labels import Signal

Make = Callable[[str, int], Signal]


@dataclass(frozen=True)
class Files:
    """Verified files of a recipe.

    Attributes:
        recipe: Names the sources.
        paths: Source id to file.
        contigs: Length in bp of each contig of the genome.
        say: Takes a line before slow work, and on dropped peaks.
    """

    recipe: Recipe
    paths: Mapping[str, Path]
    contigs: Mapping[str, int]
    say: Say

    def sha256(self, source: str) -> str:
        """Return the digest of a source."""
        digest = self.recipe.source(source).sha256
        assert digest is not None, "a source without digest is refused when it is located"
        return digest

    def digests(self, signal: AnySignal) -> list[str]:
        """Return the digests of all files of a signal, chain files included."""
        digests = []
        for source in sources_of(signal).values():
            lift = self.recipe.source(source).lift
            digests += [self.sha256(source), self.sha256(lift) if lift else ""]
        return digests

    def chain(self, source: str) -> Chain | None:
        """Return the chain file that lifts a source; None if the source is not lifted."""
        lift = self.recipe.source(source).lift
        return None if lift is None else Chain(self.paths[lift])

    def peaks(self, source: str) -> Peaks:
        """Read peaks or other regions, lifted to the genome's assembly."""
        path = self.paths[source]
        peaks = read_peaks(path, self.chain(source))
        check_places(peaks.ends(), self.contigs, path)
        if peaks.n_dropped:
            total = len(peaks) + peaks.n_dropped
            place = self.recipe.genome.assembly
            self.say(f"{source}: {peaks.n_dropped:,} of {total:,} have no place in {place}")
        return peaks

    def reads(self, signal: ReadsSignal | FragmentsSignal) -> Reads:
        """Read reads or fragments, and draw as many as the signal's depth."""
        path = self.paths[signal.source]
        read = read_reads if isinstance(signal, ReadsSignal) else read_fragments
        reads = read(path, self.chain(signal.source))
        check_places(reads.ends(), self.contigs, path)
        return reads if signal.depth is None else reads.sample(signal.depth, self.seed(signal))

    def seed(self, signal: ReadsSignal | FragmentsSignal) -> list[int]:
        """Return the seed of a draw of reads, from the recipe's seed and the source's digest."""
        return [self.recipe.seed, int(self.sha256(signal.source)[:15], 16)]


def per_base(files: Files, signal: AnySignal, chroms: Sequence[str]) -> dict[str, Signal]:
    """Return a signal of each contig, ``(length,)`` memory-mapped.

    Bases without an entry in a bigWig are 0. Labels are 1 in a peak, NaN in an ambiguous one, 0
    outside.

    Raises:
        InputError: A source is not of the kind of its key, or does not fit the genome.
    """
    name, make = _name(files, signal), _maker(files, signal)
    say = files.say
    signals = {}
    for chrom in chroms:
        length = files.contigs[chrom]
        label = f"{files.paths[signal.source].name} {chrom}"
        signals[chrom] = cached(name, chrom, length, partial(make, chrom, length), say, label)
        if signal.transform == "log1p" and signals[chrom].min(initial=0) <= -1:
            raise InputError(
                "log1p of a signal of -1 or less",
                path=files.paths[signal.source],
                got=f"{signals[chrom].min()} on {chrom}",
            )
    return signals


def stacked(files: Files, signals: Sequence[AnySignal], chroms: Sequence[str]) -> dict[str, Signal]:
    """Return several signals of each contig, ``(n, length)``; memory-mapped."""
    rows = [per_base(files, signal, chroms) for signal in signals]
    if len(rows) == 1:
        return {chrom: rows[0][chrom][None] for chrom in chroms}
    if not rows:
        return {chrom: np.empty((0, files.contigs[chrom]), np.float32) for chrom in chroms}
    name = _digest([_name(files, signal) for signal in signals])
    label = f"{len(rows)} tracks"
    return {
        chrom: cached(
            name,
            chrom,
            files.contigs[chrom],
            [row[chrom] for row in rows],
            files.say,
            f"{label} {chrom}",
        )
        for chrom in chroms
    }


def cached(
    name: str,
    chrom: str,
    length: int,
    content: Callable[[], Signal] | Sequence[Signal],
    say: Say,
    label: str,
) -> Signal:
    """Return an array of the cache, computed at first use.

    Args:
        name: Digest of all that the array depends on but the contig.
        chrom: Contig.
        length: Of the contig, in bp; genomes may differ in it.
        content: Computes the array; or rows to stack, which need not fit the memory.
        say: Takes a line when the array has to be computed.
        label: Source that this line names.
    """
    source = f"{name} {chrom} {length}"
    # A contig's name may hold characters that a file name may not.
    path = derived_folder("signal-2") / f"{_digest(source)}.npy"
    if not is_sealed(path, source):
        say(f"reading {label}")
        with atomic_output(path, force=True) as temporary, temporary.open("wb") as file:
            if callable(content):
                np.save(file, content().astype(np.float32, copy=False))
            else:
                _save_rows(file, content)
            file.flush()
            seal_array(temporary, path, source)
    signal: Signal = np.load(path, mmap_mode="r", allow_pickle=False)
    return signal


def _save_rows(file: BinaryIO, rows: Sequence[Signal]) -> None:
    """Write rows as one array, a row at a time."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (len(rows), len(rows[0]))}
    np.lib.format.write_array_header_1_0(file, header)
    for row in rows:
        row.astype("<f4", copy=False).tofile(file)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def _name(files: Files, signal: AnySignal) -> str:
    if isinstance(signal, BigWigSignal):
        return files.sha256(signal.source)[:32]
    # These act on bins, not on bases.
    on_bins = {"source", "sources", "ambiguous", "statistic", "transform", "min_overlap"}
    content: dict[str, object] = {
        **signal.model_dump(exclude=on_bins),
        "digests": files.digests(signal),
    }
    if isinstance(signal, ReadsSignal | FragmentsSignal) and signal.depth is not None:
        content["seed"] = files.seed(signal)
    return _digest(content)


def _maker(files: Files, signal: AnySignal) -> Make:
    """Return a function that computes one contig; a text source is read whole, at the first."""
    match signal:
        case BigWigSignal():
            return lambda chrom, length: _bigwig(files.paths[signal.source], chrom, length)
        case ReadsSignal() | FragmentsSignal():
            reads = cache(lambda: files.reads(signal))
            return lambda chrom, length: _count(signal, reads().on(chrom), length)
        case PeakLabels():
            peaks = cache(lambda: _of_width(files.peaks(signal.source), signal))
            ambiguous = cache(lambda: files.peaks(signal.ambiguous) if signal.ambiguous else None)
            return lambda chrom, length: _labels(peaks(), ambiguous(), chrom, length)
        case Background():
            all_peaks = cache(lambda: [files.peaks(source) for source in signal.sources])
            return lambda chrom, length: _free_of(all_peaks(), chrom, length)
        case PeakValues():
            valued = cache(lambda: files.peaks(signal.source))
            path = files.paths[signal.source]
            return lambda chrom, length: _steps(valued().on(chrom), length, path)
        case VariantEffect():
            raise InputError("effects of variants lie on no base", got=signal.source)
        case KmerValues():
            raise InputError("values of k-mers are computed from the bases", got=signal.source)


def _bigwig(path: Path, chrom: str, length: int) -> Signal:
    with BigWig(path) as source:
        return np.nan_to_num(source.values(chrom, 0, length), nan=0.0)


def _count(signal: ReadsSignal | FragmentsSignal, reads: Reads, length: int) -> Signal:
    starts, ends = reads.start, reads.end
    if isinstance(signal, FragmentsSignal) and signal.count == "cut_sites":
        return cut_sites(starts, ends, length).astype(np.float32)
    if isinstance(signal, ReadsSignal) and signal.extend is not None:
        starts, ends = extended(starts, ends, reads.forward, signal.extend)
    return pile_up(starts, ends, length).astype(np.float32)


def _labels(peaks: Peaks, ambiguous: Peaks | None, chrom: str, length: int) -> Signal:
    bases = np.zeros(length, np.float32)
    for some, value in ((ambiguous, np.nan), (peaks, 1)):
        if some is not None:
            bases[covered(some.on(chrom).start, some.on(chrom).end, length)] = value
    return bases


def _of_width(peaks: Peaks, signal: PeakLabels) -> Peaks:
    """Return the peaks within the label's limits of width."""
    width = peaks.end - peaks.start
    most = np.iinfo(np.int64).max if signal.max_width is None else signal.max_width
    return peaks.take((width >= (signal.min_width or 0)) & (width <= most))


def _free_of(peaks: Sequence[Peaks], chrom: str, length: int) -> Signal:
    """Return 1 for bases that no peak covers, 0 for others."""
    bases = np.ones(length, np.float32)
    for some in peaks:
        bases[covered(some.on(chrom).start, some.on(chrom).end, length)] = 0
    return bases


def _steps(peaks: Peaks, length: int, path: Path) -> Signal:
    if peaks.value is None:
        raise InputError(
            "peaks without a value",
            path=path,
            expected="narrowPeak or broadPeak columns",
            hint="positions in the seventh column are thickStart of BED9, and no signal",
        )
    return step_track(peaks.start, peaks.end, peaks.value, length)
