"""Print how well DeepBind's CTCF model of SELEX ranks the test bins of ctcf_gm12878.

    python tests/benchmarks/deepbind_ctcf.py [--negatives N] [MODEL …]

DeepBind scores the sequence of a bin, by its own rule for sequences of any length: the best of all
windows of one and a half detectors. A bin costs as much as thousands of other windows, so that it
scores every positive bin and N negative ones for each, drawn by a seed; the AUROC of a fair draw
has the expectation of all bins. The entry and the CTCF motif score the drawn bins, too, and all of
them, as `zooctl evaluate` does.

D00328.003 was trained on SELEX, in vitro. The other CTCF model, D00328.018, was trained on ChIP-seq
peaks of all chromosomes, the test regions among them, and has no place here.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.heldout.measure_region import measure_region, read_padded
from zooctl.evaluation.heldout.open_target import open_rival, open_target
from zooctl.evaluation.heldout.predict_region import predict_region
from zooctl.evaluation.heldout.rivals import predict_rivals
from zooctl.evaluation.metrics.classification import auroc
from zooctl.files.weights.deepbind import read_deepbind
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.networks.deepbind import deepbind_graph
from zooctl.inference.device.session import Session
from zooctl.inference.options.predict_and_score import NO_INPUTS, SessionOptions
from zooctl.sequence.windows import Geometry

REPO = Path(__file__).resolve().parents[2]
MIRROR = Path(os.environ.get("ZOOCTL_DATA_MIRROR", REPO.parent / "shared/data"))
PARAMETERS = MIRROR / "weights/deepbind/params"
DATA, MOTIF = "ctcf_gm12878", "pwm_ctcf"
SEED = 0


class Bins(NamedTuple):
    """Evaluated bins of the test regions.

    Attributes:
        windows: Codes of each drawn bin, ``(n, bp)``.
        drawn: Indices of the drawn bins.
        positive: Whether each bin is positive.
        scores: Name of an entry to its score of each bin.
    """

    windows: NDArray[np.uint8]
    drawn: NDArray[np.int64]
    positive: NDArray[np.bool_]
    scores: dict[str, NDArray[np.float32]]


def bins_of_the_test_regions(negatives: int) -> Bins:
    target = open_target(DATA, (), None, fasta=None, device="cpu", threads=1)
    other = open_rival(MOTIF, target, SessionOptions(device="cpu", threads=1), None, NO_INPUTS)
    rules, rng = target.rules, np.random.default_rng(SEED)
    with target.open_data((), (), None) as data:
        (region,) = data.split.test
        padded = read_padded(region, data, rules)
        measured = measure_region(region, padded, data, rules, target.model.geometry.bin_size)
        ours = predict_region(measured, target.model, data, rules, lambda _: None)
        (ours,), (rival,) = predict_rivals([other.model], [ours], data, rules, lambda _: None)
        track = measured.tracks[0]
        kept = np.flatnonzero(ours.kept & ~track.ambiguous)
        of_kept = ~track.ambiguous[ours.kept]
        positive = track.positive[kept]
        lots = np.flatnonzero(~positive)
        n = negatives * int(positive.sum())
        drawn = np.concatenate([np.flatnonzero(positive), rng.choice(lots, n, replace=False)])
        starts, size = track.starts[kept[drawn]], rules.bin_size
        codes = data.genome.padded_codes
        windows = np.stack([codes(region.chrom, int(at), int(at) + size) for at in starts])
    scores = {DATA: ours.rows(0).max(axis=1)[of_kept], MOTIF: rival.score(0).ranking[of_kept]}
    return Bins(windows, drawn, positive, scores)


def deepbind(name: str, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
    path = PARAMETERS / f"{name}.txt"
    tensors = read_deepbind(path.read_bytes(), path)
    size = windows.shape[1]
    graph = put_weights(deepbind_graph({path.name: tensors}, size), tensors)
    window = Geometry(size, size, size, size)
    session = Session(
        graph, geometry=window, n_tracks=1, unknown_base=0.25, device="cpu", threads=1
    )
    parts = [session.predict(windows[at : at + 64]) for at in range(0, len(windows), 64)]
    return np.concatenate(parts)[:, 0, 0]


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--negatives", type=int, default=1)
    parser.add_argument("models", nargs="*", default=["D00328.003"])
    given = parser.parse_args(words)
    bins = bins_of_the_test_regions(given.negatives)
    labels, n = bins.positive[bins.drawn], int(bins.positive.sum())
    lines = [f"{n:,} positive bins and {len(labels) - n:,} negative ones of chr21, AUROC"]
    for name in given.models:
        lines.append(f"deepbind {name}  {auroc(deepbind(name, bins.windows), labels):.3f}")
    for name, scores in bins.scores.items():
        every = f"{auroc(scores, bins.positive):.3f} of all {len(scores):,} bins"
        lines.append(f"{name}  {auroc(scores[bins.drawn], labels):.3f}, {every}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
