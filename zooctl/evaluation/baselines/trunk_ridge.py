"""Ridge regressions on the activations of a published network: transfer with a frozen trunk.

The network is not trained further; its activations before the last layer are computed once, kept in
the cache, and read by a linear head of the data's own (a linear probe; Alain and Bengio 2016,
arXiv:1610.01644). It is fitted and chosen as the ridges on 5-mers are.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.baselines.kmer_ridge import Fit, fit_ridges
from zooctl.evaluation.baselines.training_bins import TrainingSample, sample_bins
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.data.measured_bins import bins_inside
from zooctl.files.disk.sealed_cache import derived_folder, read_sealed, write_sealed
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.tracks.penultimate import Penultimate, covered_length
from zooctl.progress import Advance, Progress, no_advance
from zooctl.schema.fields import Region
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.windows import Geometry

Values = NDArray[np.float64]
_FOLDER = "activations"


@dataclass(frozen=True, eq=False)
class Trunk:
    """A network without its last layer.

    Attributes:
        name: Name of the model.
        layers: Its graph up to the activations that the last layer reads.
        geometry: Lengths of its window.
    """

    name: str
    layers: Penultimate
    geometry: Geometry

    def activations(
        self, genome: Fasta, chrom: str, bins: range, size: int, advance: Advance = no_advance
    ) -> NDArray[np.float32]:
        """Return the mean activations over each bin, ``(n_bins, features)``.

        Positions that divide the window, or its output, tile it. Where they do not, or are not
        finer than bins, a bin has the mean over the window around its middle.

        Args:
            genome: Bases beyond a contig are unknown.
            chrom: The contig.
            bins: Indices of bins, counted from the contig's start.
            size: Bases to a bin.
            advance: Called with the number of bins done.
        """
        span, length = self._span(size), self.geometry.input_length
        if span is None:
            starts = [place * size + size // 2 - length // 2 for place in bins]
            found = [one.mean(axis=2) for one in self._run(genome, chrom, starts, advance, 1)]
            return np.concatenate(found)
        core, step = self.geometry.core_length, span[0]
        cores = range(bins.start * size // core, -(-bins.stop * size // core))
        starts = [place * core - self.geometry.input_flank for place in cores]
        inside = slice(span[1], span[1] + core // step)
        rows = np.concatenate(
            [
                one[:, :, inside].transpose(0, 2, 1).reshape(-1, one.shape[1])
                for one in self._run(genome, chrom, starts, advance, core // size)
            ]
        )
        first = (bins.start * size - cores.start * core) // step
        rows = rows[first : first + len(bins) * size // step]
        means: NDArray[np.float32] = rows.reshape(len(bins), size // step, -1).mean(axis=1)
        return means

    def _span(self, size: int) -> tuple[int, int] | None:
        """Return bases to a position and the first position of the core; None if not known."""
        window = self.geometry
        unknown = np.full((1, window.input_length), 4, np.uint8)
        n = self.layers.positions(unknown).shape[2]
        length = covered_length(window, n)
        outside = (length - window.core_length) // 2
        step = length // n
        lengths = (size, window.core_length, outside)
        if n == 1 or length % n or any(one % step for one in lengths):
            return None
        return step, outside // step

    def _run(
        self, genome: Fasta, chrom: str, starts: Sequence[int], advance: Advance, each: int
    ) -> Iterator[NDArray[np.float32]]:
        length, size = self.geometry.input_length, self.layers.batch_size
        for first in range(0, len(starts), size):
            some = starts[first : first + size]
            codes = [genome.padded_codes(chrom, start, start + length) for start in some]
            yield self.layers.positions(np.stack(codes))
            advance(len(some) * each)


@dataclass(frozen=True, eq=False)
class _ActivationBins:
    """Bins with the activations of a trunk as their features."""

    signal: Values
    found: Values

    def features(self, rules: Rules) -> Iterator[tuple[Values, slice]]:
        """Yield all bins at once."""
        yield self.found, slice(0, len(self.found))


@dataclass(frozen=True, eq=False)
class TrunkScores:
    """Predictions of the held-out bins from a trunk's activations.

    Attributes:
        ridges: An array a held-out region, ``(n, n_tracks)``, by the name of the baseline.
        fits: Its fit to each track.
    """

    ridges: dict[str, list[NDArray[np.floating]]]
    fits: dict[str, tuple[Fit, ...]]


def score_by_trunk(
    trunk: Trunk, data: EvaluationData, rules: Rules, fine_size: int, progress: Progress
) -> TrunkScores:
    """Fit ridges to a trunk's activations on the training regions, and predict the held-out bins.

    Args:
        trunk: The network.
        data: Sequence, tracks and split.
        rules: Bin size; with ``context_bins`` a second ridge reads the bins around, too.
        fine_size: Bin size of the evaluated model in bp.
        progress: Opens the progress display.

    Raises:
        InputError: There are no training regions.
    """
    own, size = data.split, rules.bin_size
    training = sample_bins(data, own.train, rules, fine_size)
    if training is None:
        raise InputError("no training regions to fit a head to", field="--trunk", got=trunk.name)
    chosen = sample_bins(data, own.validation, rules, fine_size)
    regions = [*own.train, *own.validation, *own.test]
    contigs = data.genome.contigs
    total = sum(len(bins_inside(one, contigs, size)) for one in regions)
    with progress(total, "bins", f"activations of {trunk.name}") as advance:
        found = [_read(trunk, data.genome, one, rules, advance) for one in regions]
    n_train, n_fit = len(own.train), len(own.train) + len(own.validation)
    width = found[0].shape[1] // (2 if rules.context_bins else 1)
    sets = {f"ridge on {trunk.name}": slice(0, width)}
    if rules.context_bins:
        name = f"ridge on {trunk.name}, {rules.context_bins} bins around"
        sets[name] = slice(0, 2 * width)
    ridges = fit_ridges(
        _used(training, found[:n_train]),
        None if chosen is None else _used(chosen, found[n_train:n_fit]),
        rules,
        sets,
    )
    return TrunkScores(
        {
            name: [one.linear.predict(held[:, one.columns]) for held in found[n_fit:]]
            for name, one in ridges.items()
        },
        {name: one.fits for name, one in ridges.items()},
    )


def _used(sample: TrainingSample, found: Sequence[Values]) -> _ActivationBins:
    rows = [one[used] for one, (_, used) in zip(found, sample.regions, strict=True)]
    return _ActivationBins(sample.signal, np.concatenate(rows))


def _read(trunk: Trunk, genome: Fasta, region: Region, rules: Rules, advance: Advance) -> Values:
    """Return the activations of a region's bins, and behind them their sums over bins around."""
    bins = bins_inside(region, genome.contigs, rules.bin_size)
    beside = rules.context_bins // 2
    wide = range(bins.start - beside, bins.stop + beside)
    found = _cached(trunk, genome, region.chrom, wide, rules.bin_size, advance)
    own = found[beside : beside + len(bins)]
    if not rules.context_bins:
        return own.astype(np.float64)
    upto = np.zeros((len(found) + 1, found.shape[1]))
    np.cumsum(found, axis=0, dtype=np.float64, out=upto[1:])
    around = upto[2 * beside + 1 :] - upto[: len(bins)]
    return np.concatenate([own, around], axis=1, dtype=np.float64)


def _cached(
    trunk: Trunk, genome: Fasta, chrom: str, bins: range, size: int, advance: Advance
) -> NDArray[np.float32]:
    """Return activations from the cache, or compute and keep them."""
    around = trunk.geometry.input_length
    codes = genome.padded_codes(chrom, bins.start * size - around, bins.stop * size + around)
    texts = (trunk.layers.graph, codes.tobytes(), repr((trunk.geometry, bins.start, size)).encode())
    source = " ".join(hashlib.sha256(text).hexdigest() for text in texts)
    name = hashlib.sha256(source.encode()).hexdigest()
    path = derived_folder(_FOLDER) / f"{name}.npy"
    content = read_sealed(path, source)
    if content is not None:
        advance(len(bins))
        kept: NDArray[np.float32] = np.load(io.BytesIO(content), allow_pickle=False)
        return kept
    found = trunk.activations(genome, chrom, bins, size, advance)
    written = io.BytesIO()
    np.save(written, found, allow_pickle=False)
    write_sealed(path, source, written.getvalue())
    return found
