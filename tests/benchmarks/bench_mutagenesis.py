"""Speed of mutagenesis in fixed windows beside the bare loop, by fastISM's protocol.

Every base of a window is replaced by every other, and the whole output predicted
(Nair et al. 2022, doi:10.1093/bioinformatics/btac135: Basset on windows of 1 kb, 10.4 times). The
loop predicts ready-made windows and throws its predictions away; both take turns. The protocol has
1,024 windows; the speed does not depend on their number, and the loop alone would take hours for
them, so a round is one window, and the loop predicts a share of its 3,000 alternatives. Basset is
the recipes' network of that name with random weights.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import numpy as np
import onnxruntime as ort

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.session import one_hot
from zooctl.inference.engine.changes.choose import open_changes
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.attribution.substitutions import substitute_by_change
from zooctl.interpret.attribution.target import TrackTarget
from zooctl.progress import no_advance
from zooctl.sequence.windows import Geometry

MODEL, BATCH = "ctcf_gm12878", 64
GOALS = {"basset": 10.4}


def basset() -> FollowedNetwork:
    """Basset on windows of 1 kb, 164 tracks, random weights."""
    import torch

    from zooctl.schema.recipe.networks.window import BassetSizes
    from zooctl.training.export.export import to_onnx
    from zooctl.training.nets.basset import Basset
    from zooctl.training.nets.parts.network import Finished
    from zooctl.training.nets.parts.window import NetWindow

    torch.manual_seed(0)
    window = Geometry(input_length=1000, output_length=1000, bin_size=1000, core_length=1000)
    net = Basset(BassetSizes(key="basset"), NetWindow(1000, 1000, 1000, 164))
    model = to_onnx(Finished(net).eval(), window.input_length)
    return FollowedNetwork(model, window, 164, 0.0)


def ctcf() -> FollowedNetwork:
    """The zoo's CTCF model."""
    entry = registry.entry(MODEL)
    card = entry.card()
    return FollowedNetwork(onnx_bytes(entry), card.geometry, card.n_tracks, card.unknown_base)


def compare(label: str, network: FollowedNetwork, rounds: int) -> float:
    """Print the ratio to the loop and the difference, and return what is left above the goal."""
    threads = default_threads()
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    bare = ort.InferenceSession(network.model, options, providers=["CPUExecutionProvider"])
    name = bare.get_inputs()[0].name
    changes = open_changes(network, SessionOptions(device="cpu", threads=threads))
    assert changes is not None
    length, n_bins = network.geometry.input_length, network.geometry.n_bins
    windows = np.random.default_rng(0).integers(0, 4, (rounds + 1, length), dtype=np.uint8)
    target = TrackTarget(0, "first", log_odds=False)
    weights = np.full((1, n_bins), 1 / n_bins, dtype=np.float32)
    ready = one_hot(np.tile(windows[0], (BATCH, 1)), network.unknown_base)

    def loop(n_batches: int = 4) -> float:
        start = time.perf_counter()
        for _ in range(n_batches):
            bare.run(None, {name: ready})
        return (time.perf_counter() - start) / n_batches / BATCH

    def substitute(row: int) -> tuple[np.ndarray, float]:
        start = time.perf_counter()
        found, _ = substitute_by_change(
            changes, windows[row : row + 1], weights, target, (0, length), no_advance
        )
        return found[0], time.perf_counter() - start

    loop(1)
    substitute(0)
    ratios = []
    for row in range(1, rounds + 1):
        before = loop()
        found, taken = substitute(row)
        ratios.append((before + loop()) / 2 * 3 * length / taken)
    positions = np.linspace(0, length - 1, BATCH).astype(int)
    codes = np.tile(windows[rounds], (BATCH, 1))
    bases = (codes[np.arange(BATCH), positions] + 1) % 4
    codes[np.arange(BATCH), positions] = bases
    (plain,) = bare.run(None, {name: one_hot(codes, network.unknown_base)})
    expected = plain[:, 0].mean(axis=1)
    difference = np.abs(found[bases, positions] - expected).max() / np.abs(expected).max()
    goal = GOALS.get(label)
    print(
        f"{f'{label}, {3 * length:,} alternatives of a window':48}{median(ratios):>7.2f} times the "
        f"loop   goal: {goal or '-'}   rounds {min(ratios):.2f} to {max(ratios):.2f}   "
        f"difference {difference:.0e}",
        flush=True,
    )
    return median(ratios) - (goal or 0)


def main() -> None:
    """Print the table; exit 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    spare = [
        compare("basset", basset(), arguments.rounds),
        compare(MODEL, ctcf(), arguments.rounds),
    ]
    if min(spare) < 0:
        raise SystemExit("a goal is missed")


if __name__ == "__main__":
    main()
