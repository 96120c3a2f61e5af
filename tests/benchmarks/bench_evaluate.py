"""Time of `zooctl evaluate` beside the prediction of the same chromosome alone.

Both run the same network in one process on the same threads and take turns. Prediction alone is
`zooctl predict` to a bigWig; evaluation is the command with its defaults: signals, baselines fitted
on the training regions, metrics, intervals, shifted windows. The first evaluation ever also caches
the signals per base. `--cpu` counts processor time in place of time of day, for a busy machine.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

# As the command does, before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from zooctl.catalog import registry
from zooctl.evaluation.data.evaluation_data import EvaluatedTrack
from zooctl.evaluation.data.from_recipe import open_recipe_data
from zooctl.evaluation.heldout.evaluate import evaluate
from zooctl.evaluation.heldout.model import EvaluatedModel, open_model
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.tracks.predict import predict
from zooctl.schema.fields import Region, Split

MODEL = "ctcf_gm12878"
GENOME = Path(__file__).resolve().parents[2] / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz"
GOAL = 1.3

Clock = Callable[[], float]


def predict_alone(network: EvaluatedModel, test: tuple[Region, ...], clock: Clock) -> float:
    """Seconds of CPU-bound prediction from FASTA to a verified bigWig."""
    start = clock()
    with Fasta(GENOME) as genome, tempfile.TemporaryDirectory() as folder:
        intervals = [region.interval(genome.contigs[region.chrom]) for region in test]
        laid = network.plan(intervals, genome.contigs)
        with BigWigWriter(Path(folder) / "bench.bw", genome.contigs) as sink:
            predict(laid, genome, network.session, {0: sink}, readout=network.readout)
    return clock() - start


def evaluate_all(
    network: EvaluatedModel, split: Split, clock: Clock, stages: dict[str, float]
) -> float:
    """Seconds of an evaluation; each stage's share is added to ``stages``."""

    @contextmanager
    def stage(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
        began = clock()
        yield lambda done: None
        stages[label] = stages.get(label, 0.0) + clock() - began

    entry = registry.entry(MODEL)
    card, recipe = entry.card(), entry.recipe()
    track = card.tracks[0]
    wanted = [EvaluatedTrack(0, track.name, track.assay, track.target)]
    start = clock()
    with open_recipe_data(wanted, recipe, split=split) as data:
        opened = clock() - start
        stages["signals and genome"] = stages.get("signals and genome", 0.0) + opened
        evaluate(network, data, recipe.evaluation, progress=stage)
    return clock() - start


def main() -> None:
    """Print seconds, their ratio, and the time of each stage of an evaluation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabases", type=int, help="of chr21 from 20 Mb on; default: all of it")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cpu", action="store_true", help="processor time, not time of day")
    given = parser.parse_args()
    network = open_model(registry.entry(MODEL), [0], "cpu", given.threads)
    split = registry.entry(MODEL).recipe().split
    if given.megabases:
        end = (20 + given.megabases) * 1_000_000
        part = Region(chrom="chr21", start=20_000_000, end=end)
        split = split.model_copy(update={"test": (part,)})
    clock = time.process_time if given.cpu else time.perf_counter
    alone, whole, ratios = [], [], []
    stages: dict[str, float] = {}
    for _ in range(given.rounds):
        alone.append(predict_alone(network, split.test, clock))
        whole.append(evaluate_all(network, split, clock, stages))
        ratios.append(whole[-1] / alone[-1])
    print(f"{MODEL}, {', '.join(map(str, split.test))}, {given.threads or 'all'} threads")
    print(f"{'prediction alone, to a bigWig':45}{median(alone):>8.1f} s")
    print(f"{'evaluation':45}{median(whole):>8.1f} s")
    for label, seconds in stages.items():
        print(f"    {label:41}{seconds / given.rounds:>8.1f} s")
    print(f"{'ratio':45}{median(ratios):>8.3f}   goal: {GOAL} or less")
    if median(ratios) > GOAL:
        raise SystemExit("a goal is missed")


if __name__ == "__main__":
    main()
