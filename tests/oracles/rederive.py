"""Derive the figures of cards and the scores of variants again, sharing no code with zooctl.

Predictions come from onnxruntime, genomes from pysam, tracks from pyBigWig, and all between is
NumPy, written from the definitions of the cards and of docs. The program is only run as a command,
to score the alleles that are compared.

    ZOOCTL_DATA_MIRROR=DIR python tests/oracles/rederive.py [MODEL …]

Without a model it takes all whose data are here. Each line shows the program's value and the one
found here, each of so many bins; the exit code is 1 where a figure differs by more than half of its
last printed digit, or the numbers of bins differ.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyBigWig
import pysam
import yaml
from numpy.typing import NDArray

REPO = Path(__file__).resolve().parents[2]
Array = NDArray[np.float64]
Track = Callable[[str, int], Array]
Signals = NDArray[np.float32]

N_SHIFTS, SEED, N_PEAKS = 20, 0, 128


def here(path: str) -> Path:
    """Return a file of the repository's data or, where it is not there, of the mirror."""
    own = REPO / "recipes/data" / path
    return own if own.exists() else Path(os.environ.get("ZOOCTL_DATA_MIRROR", "")) / path


def of_bigwig(path: str) -> Track:
    """Return a reader of a bigWig: contig and length to a value a base, 0 where there is none."""

    def read(chrom: str, length: int) -> Array:
        with pyBigWig.open(str(here(path))) as file:
            return np.nan_to_num(file.values(chrom, 0, length, numpy=True)).astype(np.float64)

    return read


def of_peaks(path: str) -> Track:
    """Return a reader of peaks: contig and length to 1 within peaks and 0 elsewhere."""

    def read(chrom: str, length: int) -> Array:
        values = np.zeros(length)
        opened = gzip.open if path.endswith(".gz") else open
        with opened(here(path), "rt") as lines:
            for line in lines:
                columns = line.split("\t")
                if columns[0] == chrom:
                    values[int(columns[1]) : int(columns[2])] = 1
        return values

    return read


@dataclass(frozen=True)
class Judged:
    """How the bins of a model are judged, from its card's definitions.

    Attributes:
        fasta: File of a contig.
        tracks: Measured signal of each track.
        bin_size: Bases of a judged bin.
        positive: Signal from which a bin is positive, at its highest base or, with ``share``, at
            that share of its bases.
        is_label: Whether the tracks are labels: a bin that is covered, and by less than ``share``,
            is neither positive nor negative.
        control: The control, and ``ratio`` the least ratio of the signal to it.
        figures: Names of the card's metrics that are compared.
        variation: Whether the card states a variation score.
        mirrored: A file that the repository does not hold.
        inputs: Signals that the network reads beside the sequence, in order, as of ``sample``.
        sample: The sample that the program scores alleles in.
    """

    fasta: Callable[[str], str]
    tracks: Sequence[Track]
    bin_size: int
    positive: float
    share: float | None = None
    is_label: bool = False
    control: Track | None = None
    ratio: float = 0.0
    figures: tuple[str, ...] = ("auroc", "auprc", "pearson")
    variation: bool = True
    mirrored: str | None = None
    inputs: Sequence[Track] = ()
    sample: str | None = None

    def signals(self, chrom: str, length: int) -> Signals | None:
        """Return the signals of a contig, ``(n_inputs, length)``; None without inputs."""
        if not self.inputs:
            return None
        return np.stack([read(chrom, length).astype(np.float32) for read in self.inputs])


def hg19(chrom: str) -> str:
    """Return the path of an embedded chromosome."""
    return f"hg19_chr20_chr21/hg19.{chrom}.fa.gz"


_CTCF = "ctcf_gm12878_hg19/GM12878_{}_5M.hg19.chr20_21.bw"
_ENCODE = of_bigwig(_CTCF.format("CTCF"))
_INPUT = of_bigwig(_CTCF.format("Input"))
_SKNSH = "h3k36me3_hg19/SKNSH_ENCFF621CZO.lifted_hg19.chr20_21.signalValue.bw"
_CELLS = ("A549", "H1-hESC", "HeLa-S3", "HepG2", "IMR-90", "K562", "MCF-7")
_DREAM = "ctcf_encode_dream_chr20/ChIPseq.{}.CTCF.conservative.train.chr20.narrowPeak.gz"
_BRAIN = [
    f"brain_cell_types_hg19/{marker}_optimal_peak{suffix}.bed"
    for suffix in ("_IDR_ENCODE.ATAC", ".H3K27", ".H3K4me3")
    for marker in ("NeuN", "Olig2", "PU1", "LHX2")
]

MODELS = {
    "ctcf_gm12878": Judged(hg19, [_ENCODE], 512, 8, control=_INPUT, ratio=3),
    "pwm_ctcf": Judged(
        *(hg19, [_ENCODE], 512, 8),
        control=_INPUT,
        ratio=3,
        figures=("auroc", "auprc"),
        variation=False,
    ),
    "atac_yeast": Judged(
        lambda chrom: "yeast_atac_sacCer3/sacCer3.fa.gz",
        [of_bigwig("yeast_atac_sacCer3/SRR1822137_500k.tn5_insertions.sacCer3.bw")],
        *(128, 5),
        mirrored="yeast_atac_sacCer3/sacCer3.fa.gz",
    ),
    # The peaks were lifted by another program.
    "h3k36me3_brain": Judged(
        hg19,
        [of_bigwig(_SKNSH)],
        *(512, 0.5, 0.5),
        mirrored=_SKNSH,
    ),
    "ctcf_dream": Judged(
        hg19,
        [of_peaks(_DREAM.format(cell)) for cell in _CELLS],
        *(200, 0.5, 0.5),
        is_label=True,
        figures=("auroc", "auprc"),
        variation=False,
        mirrored=_DREAM.format("K562"),
    ),
    # Judged in a cell type that training did not read; the inputs are peaks of five others.
    "ctcf_new_cell": Judged(
        hg19,
        [of_peaks(_DREAM.format("HepG2"))],
        *(200, 0.5, 0.5),
        is_label=True,
        figures=("auroc", "auprc"),
        variation=False,
        mirrored=_DREAM.format("K562"),
        inputs=[of_peaks(_DREAM.format(cell)) for cell in _CELLS if cell not in ("A549", "HepG2")],
        sample="HepG2",
    ),
    "brain_cell_types": Judged(
        hg19,
        [of_peaks(path) for path in _BRAIN],
        *(512, 0.5, 0.5),
        is_label=True,
        figures=("auroc", "auprc"),
        variation=False,
        mirrored=_BRAIN[0],
    ),
}


@cache
def contig(path: str, chrom: str) -> bytes:
    """Return a contig in capitals; a plain gzip file is read whole."""
    try:
        pysam.set_verbosity(0)
        with pysam.FastaFile(str(here(path))) as file:
            return str(file.fetch(chrom)).upper().encode()
    except OSError:
        with gzip.open(here(path), "rt") as file:
            text = file.read()
        parts = dict(part.split("\n", 1) for part in text.split(">")[1:])
        names = {name.split()[0]: body for name, body in parts.items()}
        return names[chrom].replace("\n", "").upper().encode()


class Network:
    """A model's graph and window, from its files alone."""

    def __init__(self, name: str) -> None:
        self.card = yaml.safe_load((REPO / f"model_cards/{name}.yaml").read_text())
        self.length, self.output = self.card["input_length"], self.card["output_length"]
        self.bin, self.core = self.card["bin_size"], self.card["core_length"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        self._session = onnxruntime.InferenceSession(
            str(REPO / f"zoo/{name}/model.onnx"), options, ["CPUExecutionProvider"]
        )
        self._table = np.full((256, 4), float(self.card["unknown_base"]), np.float32)
        self._table[list(b"ACGT")] = np.eye(4, dtype=np.float32)

    def predict(self, windows: Sequence[bytes], signals: Signals | None = None) -> Array:
        """Return predictions ``(n, n_tracks, n_bins)`` in the card's unit; NaN where unknown.

        ``signals`` are those of each window, ``(n, n_inputs, length)``, where it reads any.
        """
        found = []
        names = [one.name for one in self._session.get_inputs()]
        at_once = max(1, 2**18 // self.length)
        for first in range(0, len(windows), at_once):
            some = np.stack(
                [np.frombuffer(one, np.uint8) for one in windows[first : first + at_once]]
            )
            one_hot = np.ascontiguousarray(self._table[some].transpose(0, 2, 1))
            read = {names[0]: one_hot}
            if signals is not None:
                read[names[1]] = signals[first : first + at_once]
            (values,) = self._session.run(None, read)
            values = values.astype(np.float64).reshape(len(some), -1, self.output // self.bin)
            if self.card["output_transform"] == "log1p":
                values = np.expm1(values)
            unknown = ~np.isin(some, np.frombuffer(b"ACGT", np.uint8))
            flank = (self.length - self.output) // 2
            binned = unknown[:, flank : flank + self.output].reshape(len(some), -1, self.bin)
            no_value = binned.mean(2) > 0.5
            no_value |= (unknown.mean(1) > 0.5)[:, None]
            found.append(np.where(no_value[:, None], np.nan, values))
        return np.concatenate(found)

    def track(self, sequence: bytes, signals: Signals | None = None) -> Array:
        """Return the predicted bins of a contig, ``(n_tracks, n)``: the cores of tiled windows."""
        flank = (self.length - self.core) // 2
        padded = b"N" * flank + sequence + b"N" * (self.length + self.core)
        starts = range(0, len(sequence), self.core)
        skip = (self.output - self.core) // 2 // self.bin
        kept = slice(skip, skip + self.core // self.bin)
        rows = []
        for first in range(0, len(starts), 512):
            some = starts[first : first + 512]
            windows = [padded[at : at + self.length] for at in some]
            rows.append(
                self.predict(windows, stretches(signals, [at - flank for at in some], self.length))
            )
        values = np.concatenate(rows)[:, :, kept]
        return values.transpose(1, 0, 2).reshape(values.shape[1], -1)


def inside(network: Network, start: int, end: int, length: int) -> NDArray[np.bool_]:
    """Return which bins of a contig come of windows that read nothing beyond a region of it."""
    flank = (network.length - network.core) // 2
    cores = np.arange(0, length, network.core)
    fits = (cores - flank >= start) | (start == 0)
    fits &= (cores + network.core + flank <= end) | (end == length)
    return np.repeat(fits, network.core // network.bin)


def auroc(score: Array, positive: NDArray[np.bool_]) -> float:
    """Return the share of pairs of a positive and another bin that are in order, ties by half."""
    values, at, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[at]
    n, n_positive = len(values[at]), int(positive.sum())
    total = ranks[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(total / (n_positive * (n - n_positive)))


def auprc(score: Array, positive: NDArray[np.bool_]) -> float:
    """Return average precision: precision at each distinct score times the recall gained there."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    found = np.cumsum(positive[order])[ends]
    precision = found / (ends + 1)
    return float((precision * np.diff(found, prepend=0)).sum() / found[-1])


def regions(card: dict[str, Any]) -> Iterator[tuple[str, int, int | None]]:
    """Yield the test regions of a card: contig, start and end, None for the contig's."""
    for one in card["split"]["test"]:
        if isinstance(one, str):
            yield one, 0, None
        else:
            yield one["chrom"], one["start"], one["end"]


@dataclass
class Bins:
    """Bins of a track; ambiguous ones have means and no class.

    Attributes:
        mean: Mean prediction, ``(n,)``.
        highest: Highest prediction of the bins with a class, ``(m,)``.
        measured: Mean signal, ``(n,)``.
        positive: Their class, ``(m,)``.
        summits: Height, contig and base of the highest base of each run of positive bins.
    """

    mean: Array
    highest: Array
    measured: Array
    positive: NDArray[np.bool_]
    summits: list[tuple[float, str, int]]


def judge(network: Network, judged: Judged) -> list[Bins]:
    """Return the judged bins of every track on the test regions."""
    found = []
    per_chrom = {}
    for chrom, _, _ in regions(network.card):
        sequence = contig(judged.fasta(chrom), chrom)
        if chrom not in per_chrom:
            signals = judged.signals(chrom, len(sequence))
            per_chrom[chrom] = (sequence, network.track(sequence, signals))
    for index, read in enumerate(judged.tracks):
        parts = []
        for chrom, start, end in regions(network.card):
            sequence, track = per_chrom[chrom]
            end = len(sequence) if end is None else end
            kept = inside(network, start, end, len(sequence))
            values = np.where(kept, track[index], np.nan)
            parts.append(_bins(judged, chrom, start, end, sequence, values, network.bin, read))
        columns = zip(*((p.mean, p.highest, p.measured, p.positive) for p in parts), strict=True)
        arrays = [np.concatenate(column) for column in columns]
        found.append(Bins(*arrays, summits=[one for part in parts for one in part.summits]))  # type: ignore[arg-type]
    return found


def _bins(
    judged: Judged,
    chrom: str,
    start: int,
    end: int,
    sequence: bytes,
    track: Array,
    fine: int,
    read: Track,
) -> Bins:
    size = judged.bin_size
    first, last = -(-start // size), end // size
    span = slice(first * size, last * size)
    letters = np.frombuffer(sequence, np.uint8)[span].reshape(-1, size)
    # Half of a bin may be unknown, as of a bin that is predicted.
    known = np.isin(letters, np.frombuffer(b"ACGT", np.uint8)).mean(1) >= 0.5
    base_values = np.repeat(track, fine)[: len(sequence)][span].reshape(-1, size)
    signal = read(chrom, len(sequence))[span].reshape(-1, size)
    top = signal.max(1)
    if judged.share is None:
        positive = top >= judged.positive
    else:
        covered = (signal >= judged.positive).mean(1)
        positive = covered >= judged.share
    valued = known & ~np.isnan(base_values).any(1)
    kept = valued
    if judged.is_label:
        kept = kept & (positive | (covered == 0))
    if judged.control is not None:
        control = judged.control(chrom, len(sequence))[span].reshape(-1, size).max(1)
        strong = top >= judged.ratio * control
        kept = kept & ~(positive & ~strong)
        positive = positive & strong
    summits = []
    runs = np.flatnonzero(positive & kept)
    for run in np.split(runs, np.flatnonzero(np.diff(runs) > 1) + 1) if len(runs) else []:
        best = run[np.flatnonzero(top[run] == top[run].max())]
        at = int(run[len(run) // 2] if len(best) == len(run) else best[0])
        place = (first + at) * size + int(signal[at].argmax())
        summits.append((float(top[at]), chrom, place))
    return Bins(
        base_values[valued].mean(1),
        base_values[kept].max(1),
        signal[valued].mean(1),
        positive[kept],
        summits,
    )


def stated(card: dict[str, Any], name: str, track: str | None) -> tuple[float, int] | None:
    """Return the value and the number of bins of a metric on a card."""
    for one in card["metrics"]:
        if one["name"] == name and one.get("track") == track:
            return float(one["value"]), int(one["n"])
    return None


def shifts_of(network: Network, seed: int = SEED) -> tuple[NDArray[np.int64], int]:
    """Return shifts as docs define them, and the largest."""
    spare = (network.output - network.core) // 2
    most = spare or network.output // 4
    if network.output == network.bin:
        most = network.length // 4
    return np.random.default_rng(seed).integers(-most, most, N_SHIFTS), most


def variation(network: Network, judged: Judged, bins: Sequence[Bins]) -> float:
    """Return the robustness variation score (Toneyan, Tang and Koo 2022) over peaks."""
    most = network.output // 4
    shifts = np.random.default_rng(SEED).integers(-most, most, N_SHIFTS)
    peaks = sorted((one for track in bins for one in track.summits), key=lambda one: -one[0])
    places = list(dict.fromkeys((chrom, place) for _, chrom, place in peaks))
    if len(places) > N_PEAKS:
        chosen = np.random.default_rng(SEED).choice(len(places), N_PEAKS, replace=False)
        places = [places[one] for one in sorted(chosen)]
    flank = (network.length - network.output) // 2
    scores = []
    for chrom, place in places:
        sequence = contig(judged.fasta(chrom), chrom)
        starts = [place - network.length // 2 + int(shift) for shift in shifts]
        windows = [window(sequence, one, network.length) for one in starts]
        by_base = np.repeat(network.predict(windows), network.bin, axis=2)
        n = network.output - 2 * most
        low = place - network.length // 2 + most + flank
        rows = np.stack(
            [
                values[:, low - start - flank :][:, :n]
                for values, start in zip(by_base, starts, strict=True)
            ]
        )
        rows = rows[:, :, ~np.isnan(rows).any(axis=(0, 1))]
        if not rows.size:
            continue
        scores.append(rows.std(0).mean(1) / rows.mean(axis=(0, 2)))
    return float(np.nanmean(scores))


def window(sequence: bytes, start: int, length: int) -> bytes:
    """Return a stretch of a contig, N outside of it."""
    inside = sequence[max(start, 0) : max(start + length, 0)]
    return (b"N" * max(0, -start) + inside).ljust(length, b"N")


def stretches(signals: Signals | None, starts: Iterable[int], length: int) -> Signals | None:
    """Return stretches of signals, ``(n, n_inputs, length)``, 0 outside of the contig."""
    if signals is None:
        return None
    found = []
    for start in starts:
        inside = signals[:, max(start, 0) : max(start + length, 0)]
        before = max(0, -start)
        found.append(np.pad(inside, ((0, 0), (before, length - before - inside.shape[1]))))
    return np.stack(found)


# --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Allele:
    """A change of a contig: ``start`` is 0-based, and REF is not empty."""

    chrom: str
    start: int
    ref: bytes
    alt: bytes


def alleles(
    sequence: bytes, chrom: str, n: int, seed: int, signals: Signals | None = None
) -> Iterator[Allele]:
    """Draw SNVs, MNVs, insertions and deletions of known sequence, ``n`` of each.

    They lie within 100 bp of a base where a signal changes, where a network reads any.
    """
    draw = np.random.default_rng(seed)
    edges = None if signals is None else np.flatnonzero(np.diff(signals).any(0))
    for kind in ("snv", "mnv", "insertion", "deletion") * n:
        while True:
            start = int(draw.integers(10_000, len(sequence) - 10_000))
            if edges is not None:
                start = int(edges[start % len(edges)] + draw.integers(-100, 100))
            near = sequence[start - 2_000 : start + 2_000]
            if set(near) <= set(b"ACGT"):
                break
        size = int(draw.integers(2, 12))
        if kind == "snv":
            ref = sequence[start : start + 1]
            alt = bytes([draw.choice([one for one in b"ACGT" if one != ref[0]])])
        elif kind == "mnv":
            ref = sequence[start : start + size]
            alt = bytes([b"CGTA"[b"ACGT".index(one)] for one in ref])
        elif kind == "insertion":
            ref = sequence[start : start + 1]
            alt = ref + bytes(draw.choice(list(b"ACGT"), size).tolist())
        else:
            ref, alt = sequence[start : start + 1 + size], sequence[start : start + 1]
        yield Allele(chrom, start, ref, alt)


def normalised(sequence: bytes, start: int, ref: bytes, alt: bytes) -> tuple[int, bytes, bytes]:
    """Trim what REF and ALT share, and shift the change to the left."""
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    while not (ref and alt) and start and sequence[start - 1] == (ref + alt)[-1]:
        start -= 1
        ref, alt = (sequence[start : start + 1] + one[:-1] if one else one for one in (ref, alt))
    return start, ref, alt


def compared_bases(
    start: int, n_ref: int, n_alt: int, low: int, shifts: NDArray[np.int64], most: int, output: int
) -> list[list[NDArray[np.bool_]]]:
    """Return the predicted bases of REF and of ALT that are compared, for each shift.

    ``low`` is the first base that the window of the least shift predicts.
    """
    high = low + 2 * most + output
    # Bases that the two outermost windows of both sequences predict; -1 for an inserted base.
    changed = np.concatenate(
        [
            np.arange(low, start),
            [start + i if i < n_ref else -1 for i in range(n_alt)],
            np.arange(start + n_ref, high + n_ref),
        ]
    ).astype(np.int64)
    plain = np.arange(low, high)
    places = {
        shift: (plain[most + shift :][:output], changed[most + shift :][:output])
        for shift in {-most, most, *shifts.tolist()}
    }
    shared = set(places[-most][0])
    for of_ref, of_alt in (places[-most], places[most]):
        shared &= set(of_ref.tolist()) & set(of_alt.tolist())
    shared.discard(-1)
    wanted = np.array(sorted(shared))
    return [[np.isin(places[int(shift)][i], wanted) for shift in shifts] for i in (0, 1)]


def shift_robust(
    network: Network,
    sequence: bytes,
    allele: Allele,
    ratio: bool,
    signals: Signals | None = None,
) -> Array:
    """Return the score of each track: windows of REF and ALT, aligned base by base.

    Windows of one bin have no bases to align, so their values are averaged as they are.
    """
    start, ref, alt = normalised(sequence, allele.start, allele.ref, allele.alt)
    shifts, most = shifts_of(network)
    length, flank = network.length, (network.length - network.output) // 2
    first = start + max(len(ref) - 1, 0) // 2 - (length - 1) // 2
    low = first - most + flank
    kept = compared_bases(start, len(ref), len(alt), low, shifts, most, network.output)
    if network.output == network.bin:
        kept = [[np.ones(network.bin, bool)] * N_SHIFTS] * 2
    before = window(sequence, first - most, length + 2 * most + 2_000)
    at = start - (first - most)
    after = before[:at] + alt + before[at + len(ref) :]
    here = stretches(signals, [first - most], len(before))
    there = None if here is None else with_allele(here, at, len(ref), len(alt))
    means = []
    for text, read, bases in zip((before, after), (here, there), kept, strict=True):
        windows = [text[most + shift :][:length] for shift in shifts]
        own = stretches(None if read is None else read[0], most + shifts, length)
        by_base = np.repeat(network.predict(windows, own), network.bin, axis=2)
        rows = [values[:, some].mean(1) for values, some in zip(by_base, bases, strict=True)]
        means.append(np.mean(rows, axis=0))
    score: Array = np.log2(means[1] / means[0]) if ratio else means[1] - means[0]
    return score


def with_allele(signals: Signals, at: int, n_ref: int, n_alt: int) -> Signals:
    """Return signals under an alternative allele: a base that it adds has that of the one before.

    Bases that it replaces keep theirs, in order; ``signals`` are ``(1, n_inputs, length)``.
    """
    places = [at + min(i, n_ref - 1) for i in range(n_alt)]
    whole = [*range(at), *places, *range(at + n_ref, signals.shape[2])]
    return signals[:, :, whole]


def scores_of_program(
    name: str, drawn: Sequence[Allele], length: int, kind: str, sample: str | None = None
) -> dict[tuple[int, str], float]:
    """Return scores that ``zooctl score-variants`` writes, by number of the allele and track."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.vcf", Path(folder) / "out.tsv"
        lines = ["##fileformat=VCFv4.2", f"##contig=<ID={drawn[0].chrom},length={length}>"]
        lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
        lines += [
            "\t".join(
                [one.chrom, str(one.start + 1), str(index), one.ref.decode(), one.alt.decode()]
                + ["."] * 3
            )
            for index, one in enumerate(drawn)
        ]
        source.write_text("\n".join(lines) + "\n")
        command = [sys.executable, "-m", "zooctl", "score-variants", str(source), "--model", name]
        command += ["--statistic", "sum", "--seed", str(SEED), "--shifts", str(N_SHIFTS)]
        command += ["-o", str(target), "--device", "cpu"]
        command += ["--sample", sample] if sample else []
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        rows = [line.split("\t") for line in target.read_text().splitlines() if line[0] != "#"]
    table = [dict(zip(rows[0], one, strict=True)) for one in rows[1:]]
    return {
        (int(row["id"]), row["track"]): float(row["score"])
        for row in table
        if row["kind"] == kind and row["score"]
    }


def compare_alleles(name: str, network: Network, judged: Judged, n: int) -> bool:
    """Score drawn alleles here and by the program, and print the largest difference."""
    chrom = next(regions(network.card))[0]
    sequence = contig(judged.fasta(chrom), chrom)
    signals = judged.signals(chrom, len(sequence))
    drawn = list(alleles(sequence, chrom, n, 7, signals))
    ratio = network.card["output_scale"] == "signal"
    kind = "log2_ratio" if ratio else "difference"
    theirs = scores_of_program(name, drawn, len(sequence), kind, judged.sample)
    tracks = [track["name"] for track in network.card["tracks"]]
    differences = []
    for index, one in enumerate(drawn):
        ours = shift_robust(network, sequence, one, ratio, signals)
        for track, value in zip(tracks, ours, strict=True):
            # Rounding to float32 of the file, and batches of another size.
            differences.append(abs(theirs[index, track] - value) / max(abs(value), 1e-2))
    right = max(differences) < 1e-3 and len(theirs) == len(drawn) * len(tracks)
    kinds = f"{n} each of SNVs, MNVs, insertions and deletions"
    print(f"{name:16} alleles    {kinds}: largest difference {max(differences):.1e}{_mark(right)}")
    return right


def _mark(right: bool) -> str:
    return "" if right else "  DIFFERS"


def compare_figures(name: str, network: Network, judged: Judged) -> bool:
    """Print each figure of the card beside the one found here."""
    bins = judge(network, judged)
    all_right = True
    several = len(bins) > 1
    tracks = [track["name"] for track in network.card["tracks"]]
    for figure in judged.figures:
        rows: list[tuple[str | None, float, int]] = []
        for track, one in zip(tracks, bins, strict=True):
            if figure == "pearson":
                value, n = float(np.corrcoef(one.mean, one.measured)[0, 1]), len(one.mean)
            else:
                value = {"auroc": auroc, "auprc": auprc}[figure](one.highest, one.positive)
                n = len(one.positive)
            rows.append((track, value, n))
        if several:
            mean = float(np.mean([value for _, value, _ in rows]))
            rows.append((None, mean, sum(n for _, _, n in rows)))
        for track, value, n in rows:
            card = stated(network.card, figure, track)
            if card is None:
                continue
            right = abs(card[0] - value) <= 0.0006 and card[1] == n
            all_right &= right
            line = f"{name:16} {figure:10} {track or 'mean':24} card {card[0]:.3f} of {card[1]:,}"
            print(f"{line}  here {value:.4f} of {n:,}{_mark(right)}")
    if judged.variation:
        value = variation(network, judged, bins)
        written = float(network.card["robustness"])
        right = abs(written - value) <= 0.0006
        all_right &= right
        print(f"{name:16} variation  {'':24} card {written:.3f}  here {value:.4f}{_mark(right)}")
    return all_right


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the models that are named, or all whose data are here; return 1 if any differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--alleles", type=int, default=50, help="alleles of each kind")
    parsed = parser.parse_args(arguments)
    right = True
    for name in parsed.models or MODELS:
        judged, network = MODELS[name], Network(name)
        if judged.mirrored and not here(judged.mirrored).exists():
            print(f"{name:16} REAL DATA MISSING: set ZOOCTL_DATA_MIRROR", file=sys.stderr)
            continue
        right &= compare_figures(name, network, judged)
        if parsed.alleles:
            right &= compare_alleles(name, network, judged, parsed.alleles)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
