"""Speed of loading training data, beside two simple loops and the speed of training itself.

The first loop reads the sequence of each window with pyfaidx and the exact mean of each bin of
signal and control with pyBigWig; the second reads bases with pyBigWig and bins them in numpy.
zooctl cuts the same windows out of arrays. All make the same batches (compared below). The three
and the training of ctcf_gm12878 take turns, so that other load on the machine affects all.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pyBigWig
import pyfaidx

from zooctl.catalog import registry
from zooctl.catalog.data import locate
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import encode, reverse_complement
from zooctl.training.data.dataset import Dataset, TrainingBatch
from zooctl.training.data.feed import cut
from zooctl.training.data.prepare import prepare
from zooctl.training.data.sampling import Epoch
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop.fit import draw, new_network, train_step

MODEL = "ctcf_gm12878"
GENOME = Path(__file__).resolve().parents[2] / "recipes/data/hg19_chr20_chr21"
GOAL = 10.0

Bins = Callable[[object, str, int, int, int], np.ndarray]


def exact_stats(file: object, chrom: str, start: int, end: int, n_bins: int) -> np.ndarray:
    """Means as pyBigWig computes them."""
    values = file.stats(chrom, start, end, type="sum", nBins=n_bins, exact=True)  # type: ignore[attr-defined]
    return np.array([value or 0 for value in values]) / ((end - start) // n_bins)


def bulk_values(file: object, chrom: str, start: int, end: int, n_bins: int) -> np.ndarray:
    """Means of bins, from the bases that pyBigWig reads."""
    values = np.nan_to_num(file.values(chrom, start, end, numpy=True))  # type: ignore[attr-defined]
    return values.reshape(n_bins, -1).mean(axis=1)


def obvious(
    recipe: Recipe, epoch: Epoch, sequence: pyfaidx.Fasta, tracks: Sequence[object], bins: Bins
) -> Iterator[TrainingBatch]:
    """Batches of an epoch, window by window."""
    geometry = recipe.window.geometry
    length, n_bins = geometry.input_length, geometry.n_bins
    for first in range(0, len(epoch.chunks), recipe.batch_size):
        codes, values = [], []
        for row in range(first, min(first + recipe.batch_size, len(epoch.chunks))):
            chrom = epoch.chunks.chroms[epoch.chunks.chrom[row]]
            start = int(epoch.chunks.start[row] - geometry.input_flank + epoch.shift[row])
            some = encode(str(sequence[chrom][start : start + length]).encode())
            means = np.stack([bins(t, chrom, start, start + length, n_bins) for t in tracks])
            codes.append(reverse_complement(some) if epoch.flip[row] else some)
            values.append(means[:, ::-1] if epoch.flip[row] else means)
        signal = np.stack(values).astype(np.float32)
        yield TrainingBatch(np.stack(codes), signal[:, :1], signal[:, 1:])


def ours(recipe: Recipe, dataset: Dataset, epoch: Epoch) -> Iterator[TrainingBatch]:
    """Batches of an epoch, as training cuts them."""
    for step in range(-(-len(epoch.chunks) // recipe.batch_size)):
        yield cut(recipe, dataset, epoch, step)


def speed(batches: Iterator[TrainingBatch], seconds: float) -> float:
    """Windows per second, measured over about the given number of seconds."""
    start, done = time.perf_counter(), 0
    for batch in batches:
        done += len(batch.codes)
        if time.perf_counter() - start > seconds:
            break
    return done / (time.perf_counter() - start)


def trainer(
    recipe: Recipe, dataset: Dataset
) -> Callable[[Iterator[TrainingBatch]], Iterator[TrainingBatch]]:
    """Return a function that trains one step on each batch, on the recipe's CPU threads."""
    from zooctl.training.determinism.determinism import pin
    from zooctl.training.determinism.device import new_fabric
    from zooctl.training.loop.finetune import initialise, new_optimiser
    from zooctl.training.loop.losses import build_loss

    pin(recipe.threads)
    fabric = new_fabric("cpu", recipe.precision)
    net = new_network(recipe, dataset)
    beginning = initialise(recipe, net, lambda line: None)
    net, optimiser = fabric.setup(net, new_optimiser(recipe, net, beginning))
    loss_of = build_loss(recipe.loss)

    def steps(batches: Iterator[TrainingBatch]) -> Iterator[TrainingBatch]:
        for batch in batches:
            train_step(recipe, fabric, net, optimiser, loss_of, batch)
            yield batch

    return steps


def same(one: TrainingBatch, other: TrainingBatch) -> None:
    """Stop if two loaders do not make the same batch."""
    assert (one.codes == other.codes).all()
    np.testing.assert_allclose(one.target, other.target, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(one.control, other.control, rtol=1e-5, atol=1e-6)


def main() -> None:
    """Print the table; exit 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each row and round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZOOCTL_HOME"] = folder  # so that preparing is measured too
        measure(arguments.rounds, arguments.seconds, Path(folder))


def measure(rounds: int, seconds: float, folder: Path) -> None:
    """Time every row in each round, and print the medians."""
    recipe = registry.entry(MODEL).recipe()
    assert recipe is not None
    paths = {source.id: locate(source).path for source in recipe.sources}
    genome = [GENOME / f"hg19.{chrom}.fa.gz" for chrom in ("chr20", "chr21")]
    start = time.perf_counter()
    dataset = prepare(recipe, paths, genome, lambda line: None)
    prepared = time.perf_counter() - start
    start = time.perf_counter()
    windows = choose_windows(recipe, dataset)
    chosen = time.perf_counter() - start
    epoch = draw(recipe, windows, 0)
    train = trainer(recipe, dataset)
    tracks = [pyBigWig.open(str(paths[name])) for name in ("signal", "input")]
    plain = folder / "chr20.fa"  # pyfaidx is quicker with it than with bgzip
    with gzip.open(genome[0], "rb") as packed, plain.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    sequence = pyfaidx.Fasta(str(plain))

    def loop(bins: Bins) -> Iterator[TrainingBatch]:
        return obvious(recipe, epoch, sequence, tracks, bins)

    rows: dict[str, Callable[[], Iterator[TrainingBatch]]] = {
        "pyfaidx + pyBigWig stats, a window at a time": lambda: loop(exact_stats),
        "pyfaidx + pyBigWig values, a window at a time": lambda: loop(bulk_values),
        "zooctl, out of mapped arrays": lambda: ours(recipe, dataset, epoch),
        f"training {MODEL}, {recipe.threads} thread": lambda: train(ours(recipe, dataset, epoch)),
    }
    for bins in (exact_stats, bulk_values):
        same(next(loop(bins)), next(ours(recipe, dataset, epoch)))
    found: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, make in rows.items():
            found[name].append(speed(make(), seconds))
    report(recipe, {name: median(values) for name, values in found.items()}, rounds)
    print(f"once: reading genome and signals {prepared:.1f} s, choosing windows {chosen:.1f} s")


def report(recipe: Recipe, speeds: dict[str, float], rounds: int) -> None:
    """Print the table; stop if the goal is missed."""
    *_, loader, network = speeds.values()
    print(
        f"windows of {recipe.window.input_length:,} bp, codes + {recipe.window.geometry.n_bins} "
        f"bins of {len(recipe.targets)} track and {len(recipe.controls)} control, "
        f"batches of {recipe.batch_size}"
    )
    print(f"{f'medians of {rounds} rounds':50}{'windows/s':>12}{'zooctl is':>12}")
    for name, value in speeds.items():
        print(f"{name:50}{value:>12,.0f}{loader / value:>11.1f}x")
    print(f"goal: {GOAL:.0f}x what the network consumes, or more")
    if loader < GOAL * network:
        raise SystemExit("the goal is missed")


if __name__ == "__main__":
    main()
