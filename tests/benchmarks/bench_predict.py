"""Speed of `zooctl predict` beside a bare onnxruntime loop, and its peak memory over chr21.

The loop is given ready-made float one-hot batches and throws its predictions away; the pipeline
reads bgzipped FASTA, encodes, predicts, and writes a verified bigWig. Both use the same network,
batch size and number of threads, and take turns, so that other load affects both.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import onnxruntime as ort
import psutil
from numpy.typing import NDArray

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import ZooError
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import Session
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.engine.tiles import open_tiles
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.tracks.genome_grid import plan, read_batches
from zooctl.inference.tracks.predict import Readout, Transform, predict
from zooctl.sequence.intervals import Interval, parse_region
from zooctl.sequence.windows import Geometry

MODEL = "ctcf_gm12878"
GENOME = Path(__file__).resolve().parents[2] / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz"
REGION = Interval("chr21", 33_000_000, 35_000_000)
GOAL_RATIO, GOAL_SHARE, GOAL_PLAIN, GOAL_MEMORY = 1.6, 0.95, 0.75, 1500


@dataclass(frozen=True)
class Network:
    """The network that is timed."""

    label: str
    onnx: bytes
    geometry: Geometry
    n_tracks: int
    unknown_base: float
    transform: Transform


def zoo_network() -> Network:
    """The zoo's CTCF model, or an untrained network of its size if it is missing."""
    try:
        entry = registry.entry(MODEL)
        card = entry.card()
        return Network(
            MODEL,
            onnx_bytes(entry),
            card.geometry,
            card.n_tracks,
            card.unknown_base,
            card.output_transform,
        )
    except ZooError:
        return untrained_network()


def untrained_network() -> Network:
    """Dilated residual convolutions of about 65,000 parameters with random weights."""
    import io
    import logging
    import warnings

    import torch
    from torch import nn

    class Dilated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv1d(4, 48, 21, padding=10)
            sizes = [2**i for i in range(1, 9)]
            self.layers = nn.ModuleList(
                nn.Conv1d(48, 48, 3, padding=size, dilation=size) for size in sizes
            )
            self.last = nn.Conv1d(48, 1, 75, padding=37)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = torch.relu(self.first(x))
            for layer in self.layers:
                x = x + torch.relu(layer(x))
            x = self.last(x)[:, :, 512:-512]
            return nn.functional.softplus(nn.functional.avg_pool1d(x, 32))

    torch.manual_seed(0)
    logging.disable(logging.WARNING)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Dilated().eval(),
            (torch.zeros(2, 4, 2048),),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    assert program is not None
    program.save(file)
    geometry = Geometry(input_length=2048, output_length=1024, bin_size=32, core_length=1024)
    return Network("untrained, as large", file.getvalue(), geometry, 1, 0.0, "none")


def open_session(network: Network) -> Session:
    """The network as `zooctl predict` runs it."""
    return Session(
        network.onnx,
        geometry=network.geometry,
        n_tracks=network.n_tracks,
        unknown_base=network.unknown_base,
        device="cpu",
    )


def tiles_of(network: Network) -> SharedWindows | None:
    """The network on tiles, as `zooctl predict` runs it."""
    given = FollowedNetwork(network.onnx, network.geometry, network.n_tracks, network.unknown_base)
    return open_tiles(given, SessionOptions(device="cpu"))


def time_pipeline(
    network: Network,
    session: Session,
    region: Interval,
    folder: Path,
    tiles: SharedWindows | None = None,
) -> float:
    """Windows a second from FASTA to a verified bigWig."""
    start = time.perf_counter()
    with Fasta(GENOME) as genome:
        laid = plan([region], genome.contigs, network.geometry)
        with BigWigWriter(folder / "bench.bw", genome.contigs, force=True) as sink:
            readout = Readout(network.transform)
            counts = predict(laid, genome, session, {0: sink}, readout=readout, tiles=tiles)
    return (counts.windows - counts.unknown) / (time.perf_counter() - start)


def time_loop(bare: ort.InferenceSession, batches: list[np.ndarray], n_batches: int) -> float:
    """Windows per second of onnxruntime alone."""
    name = bare.get_inputs()[0].name
    start = time.perf_counter()
    for number in range(n_batches):
        bare.run(None, {name: batches[number % len(batches)]})
    return n_batches * len(batches[0]) / (time.perf_counter() - start)


def compare_speed(network: Network, region: Interval, rounds: int) -> Callable[[], float]:
    """Print both speeds and their ratios, and return the loop for more of it."""
    session = open_session(network)
    options = ort.SessionOptions()
    options.intra_op_num_threads = session.threads
    options.log_severity_level = 4
    bare = ort.InferenceSession(network.onnx, options, providers=["CPUExecutionProvider"])
    with Fasta(GENOME) as genome:
        laid = plan([region], genome.contigs, network.geometry)
        codes = [batch.codes for batch in read_batches(laid, genome, session.batch_size)]
    n_batches = len(codes)
    bases = np.arange(4, dtype=np.uint8)[:, None]
    ready = [(some[:, None] == bases).astype(np.float32) for some in codes[:8]]
    tiles = tiles_of(network)
    loops, plain, pipelines, ratios, plain_ratios = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        time_loop(bare, ready, 2)
        session.predict(codes[0])
        for _ in range(rounds):
            loops.append(time_loop(bare, ready, n_batches))
            plain.append(time_pipeline(network, session, region, Path(folder)))
            plain_ratios.append(plain[-1] / loops[-1])
            pipelines.append(time_pipeline(network, session, region, Path(folder), tiles))
            ratios.append(pipelines[-1] / loops[-1])
    print(f"{network.label}, batches of {session.batch_size}, {session.threads} threads")
    print(f"medians of {rounds} rounds{'windows/s':>{55 - len(f'medians of {rounds} rounds')}}")
    print(f"{'onnxruntime alone, ready batches':45}{median(loops):>10.1f}")
    print(f"{f'FASTA to bigWig, {region}, plain':45}{median(plain):>10.1f}")
    print(f"{'ratio':45}{median(plain_ratios):>10.3f}   goal: {GOAL_PLAIN} or more")
    print(f"{f'FASTA to bigWig, {region}':45}{median(pipelines):>10.1f}")
    print(f"{'ratio':45}{median(ratios):>10.3f}   rounds {min(ratios):.2f} to {max(ratios):.2f}")
    return lambda: time_loop(bare, ready, n_batches)


class Alone(NamedTuple):
    """A prediction in a process of its own.

    Attributes:
        speed: Windows a second.
        megabytes: Peak memory of all processes.
        busy: Share of the time in which the network runs.
        filled: Share of the time of all runs that there is room for side by side.
    """

    speed: float
    megabytes: float
    busy: float
    filled: float


def predict_alone(network: Network, region: Interval) -> Alone:
    """Predict a region."""
    done = threading.Event()
    peak = 0
    runs: list[tuple[float, float]] = []

    def watch() -> None:
        # Not ru_maxrss, which a process inherits from the one that started it.
        nonlocal peak
        own = psutil.Process()
        # Looking for children takes a while, of the time that is measured.
        while not done.wait(0.5):
            with contextlib.suppress(psutil.Error):
                processes = [own, *own.children(recursive=True)]
                peak = max(peak, sum(process.memory_info().rss for process in processes))

    session, tiles = open_session(network), tiles_of(network)
    run = LoadedGraph.run

    def timed_run(self: LoadedGraph, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        start = time.perf_counter()
        outputs = run(self, feed)
        runs.append((start, time.perf_counter()))
        return outputs

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with tempfile.TemporaryDirectory() as folder, patch.object(LoadedGraph, "run", timed_run):
            start = time.perf_counter()
            speed = time_pipeline(network, session, region, Path(folder), tiles)
            taken = time.perf_counter() - start
    finally:
        done.set()
        watcher.join()
    busy, end = 0.0, 0.0
    for begun, ended in sorted(runs):
        busy, end = busy + max(0.0, ended - max(begun, end)), max(end, ended)
    all_of_it = sum(ended - begun for begun, ended in runs)
    return Alone(
        speed, peak / 1e6, busy / taken, all_of_it / taken / (tiles.at_once if tiles else 1)
    )


def predict_whole(network: Network, region: Interval, loop: Callable[[], float]) -> bool:
    """Print speed, share and peak memory of a fresh process; return whether they are as wanted."""
    fresh = multiprocessing.get_context("spawn")
    before = loop()
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        found = pool.submit(predict_alone, network, region).result()
    ratio = found.speed / ((before + loop()) / 2)
    print(f"{f'FASTA to bigWig, {region}':45}{found.speed:>10.1f}")
    print(f"{'ratio':45}{ratio:>10.3f}   goal: {GOAL_RATIO} or more")
    label, filled = "share of the time that the network runs", f"all threads {found.filled:.3f}"
    print(f"{label:45}{found.busy:>10.3f}   goal: {GOAL_SHARE} or more; {filled}")
    print(f"{'peak memory':45}{found.megabytes:>10.0f} MB   goal: under {GOAL_MEMORY}")
    return ratio >= GOAL_RATIO and found.busy >= GOAL_SHARE and found.megabytes < GOAL_MEMORY


def main() -> None:
    """Print the table; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whole", help="region of the one long run; default: all of chr21")
    arguments = parser.parse_args()
    network = zoo_network()
    loop = compare_speed(network, REGION, arguments.rounds)
    with Fasta(GENOME) as genome:
        region = parse_region(arguments.whole or "chr21", genome.contigs)
    if not predict_whole(network, region, loop):
        raise SystemExit("a goal is missed")


if __name__ == "__main__":
    main()
