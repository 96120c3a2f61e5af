"""Speed on a GPU: buffers, streams, CUDA graphs, precision, sizes of a batch, and several GPUs.

    python tests/benchmarks/gpu.py

ends within ten minutes; what does not fit into nine is left out, and said. Without a working CUDA
device it says so, measures nothing, and exits with status 2. The models are those that the
repository holds, and the genome its chr21.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime as ort

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import ZooError
from zooctl.inference.device import cuda, runtime
from zooctl.inference.device.machine import count_gpus
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.threaded import side_by_side
from zooctl.inference.graph.check import compose
from zooctl.inference.graph.front_back import CODES
from zooctl.inference.options.hardware import Hardware

NO_GPU = 2
"""Exit status where there is no working CUDA device."""

MODELS = ("ctcf_gm12878", "atac_yeast", "brain_cell_types")
SECONDS, ROUNDS = 1.5, 3
DEADLINE = 540
REGION = "chr21:9,411,194-48,129,895"


def main() -> int:
    """Print the tables."""
    began = time.monotonic()
    try:
        LoadedGraph(_graph(MODELS[0]), "cuda", 1)
    except ZooError as error:
        print(f"not measured: {error}", file=sys.stderr)
        return NO_GPU
    print(f"{count_gpus()} GPU(s), onnxruntime {runtime.VERSION}; medians of {ROUNDS} rounds\n")
    print(f"{'windows a second':<58}{'':>12}{'difference':>12}")
    for label, measure in (*_networks(), *_commands()):
        if time.monotonic() - began > DEADLINE:
            print(f"{label:<58}{'no time left':>12}")
            continue
        try:
            speed, difference = measure()
        except ZooError as error:
            print(f"{label:<58}{error}")
            continue
        shown = "" if difference is None else f"{difference:.1e}"
        print(f"{label:<58}{speed:>12,.0f}{shown:>12}", flush=True)
    return 0


Cell = tuple[str, Callable[[], tuple[float, float | None]]]


def _networks() -> Iterator[Cell]:
    """The network alone, on codes that are ready on the host."""
    full = Hardware("cuda")
    graphs = full._replace(cuda_graphs=True)
    for name in MODELS:
        yield f"{name}, CPU, batches of 64", partial(_cell, name, Hardware("cpu"), 64)
        yield f"{name}, not bound, one stream", partial(_unbound, name, 64)
        yield f"{name}, convolutions along (n, c, d, 1)", partial(_unpadded, name, 64)
        yield f"{name}, bound, one stream", partial(_cell, name, full, 64, streams=1)
        for size in (64, 256, 1024):
            label = f"{name}, bound, two streams, batches of {size}"
            yield label, partial(_cell, name, full, size)
        yield f"{name}, CUDA graphs, batches of 64", partial(_cell, name, graphs, 64)
        for precision in ("tf32", "bf16", "fp16"):
            less = full._replace(precision=precision)  # type: ignore[arg-type]
            yield f"{name}, {precision}, batches of 256", partial(_cell, name, less, 256)


def _commands() -> Iterator[Cell]:
    """Whole commands, and the same on every GPU."""
    n_bases = 48_129_895 - 9_411_193
    for options in ([], ["--precision", "bf16"], ["--cuda-graphs"], ["--engine", "plain"]):
        yield (
            f"zooctl predict, bases a second {' '.join(options)}",
            lambda o=options: (n_bases / _predict(o), None),
        )
    if count_gpus() > 1:
        workers = ["--workers", str(count_gpus())]
        yield (
            f"the same on {count_gpus()} GPUs, bases a second",
            lambda: (n_bases / _predict(workers), None),
        )


def _predict(options: list[str]) -> float:
    """Return the seconds of a prediction of chr21, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "zooctl", "predict", "--model", MODELS[0], "--device"]
        command += ["cuda", "--region", REGION, "-o", str(Path(folder) / "out.bw"), *options]
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return time.perf_counter() - begin


def _graph(name: str) -> bytes:
    entry = registry.entry(name)
    card = entry.card()
    return compose(
        onnx_bytes(entry),
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
    )


def _codes(name: str, n: int) -> np.ndarray:
    length = registry.entry(name).card().input_length
    return np.random.default_rng(0).integers(0, 4, (n, length), dtype=np.uint8)


def _cell(
    name: str, hardware: Hardware, size: int, *, streams: int | None = None
) -> tuple[float, float]:
    """Windows a second, and the largest difference to the CPU as a share of the largest."""
    graph = LoadedGraph(_graph(name), hardware, 1)
    codes = _codes(name, size)
    (found,) = graph.run({CODES: codes})
    few = codes[:8]
    (expected,) = LoadedGraph(_graph(name), "cpu", 1).run({CODES: few})
    difference = float(np.abs(found[:8] - expected).max() / np.abs(expected).max())
    at_once = graph.at_once if streams is None else streams
    return _speed(lambda: graph.run({CODES: codes}), size, at_once), difference


def _unbound(name: str, size: int) -> tuple[float, None]:
    """The plain way of onnxruntime: buffers are made anew for each batch."""
    graph, codes = LoadedGraph(_graph(name), "cuda", 1), _codes(name, size)
    session: ort.InferenceSession = graph._session
    return _speed(lambda: session.run(None, {CODES: codes}), size, 1), None


def _unpadded(name: str, size: int) -> tuple[float, float]:
    """With one option of the provider turned off."""
    usual = runtime.provider_options

    def without(*given: object) -> dict[str, str]:
        return usual(*given) | {"cudnn_conv1d_pad_to_nc1d": "0"}  # type: ignore[arg-type]

    runtime.provider_options = without  # type: ignore[assignment]
    try:
        return _cell(name, Hardware("cuda"), size)
    finally:
        runtime.provider_options = cuda.provider_options


def _speed(run: Callable[[], object], size: int, at_once: int) -> float:
    """Windows a second of a run, some beside each other."""
    run()
    begin = time.perf_counter()
    run()
    n = max(at_once, int(SECONDS / max(1e-6, time.perf_counter() - begin)))
    speeds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in side_by_side(lambda _: run(), range(n), at_once):
            pass
        speeds.append(n * size / (time.perf_counter() - begin))
    return median(speeds)


if __name__ == "__main__":
    sys.exit(main())
