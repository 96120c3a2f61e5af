"""A small evaluation whose network is known: it counts C and G, in two tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zooctl.evaluation.data.evaluation_data import EvaluatedTrack, EvaluationData, MeasuredTrack
from zooctl.evaluation.heldout.evaluate import evaluate
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.options import EvaluationOptions
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.device.session import Predictions
from zooctl.inference.tracks.predict import Readout
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes, decode
from zooctl.sequence.windows import Geometry
from zooctl.training.tracks.bin_values_and_labels import Binning

LENGTH = 80_000
GEOMETRY = Geometry(input_length=512, output_length=512, bin_size=32, core_length=256)
RULES = Rules(
    bin_size=128,
    positive_min_signal=24,
    block_length=4_000,
    sequence_length=512,
    context_bins=3,
)
SPLIT = Split(
    train=(Region(chrom="chr1", start=0, end=40_000),),
    validation=(),
    test=(Region(chrom="chr1", start=40_000, end=LENGTH),),
)


class CountsGC:
    """Predicts the number of C and G of each bin, the same in two tracks."""

    batch_size = 8
    at_once = 1

    def interrupt(self) -> None:
        """Nothing runs beyond a call."""

    def predict(self, codes: Codes) -> Predictions:
        gc = ((codes == 1) | (codes == 2)).reshape(len(codes), 1, 16, 32).sum(3)
        return np.repeat(gc, 2, axis=1).astype(np.float32)


def toy_report(
    folder: Path, tracks: int = 2, *, split: Split = SPLIT, learners: tuple[str, ...] = ()
) -> EvaluationReport:
    """Judge it on its own counts with noise, and on labels of them, some of which are unknown.

    Args:
        folder: For the genome.
        tracks: 2, or 1 for the counts alone.
        split: What is trained on and judged.
        learners: Further baselines.
    """
    rng = np.random.default_rng(4)
    share = np.repeat(rng.random(LENGTH // 1_000), 1_000)
    is_gc = rng.random(LENGTH) < share
    codes = np.where(is_gc, rng.integers(1, 3, LENGTH), 3 * rng.integers(0, 2, LENGTH))
    codes = codes.astype(np.uint8)
    counts = np.repeat(is_gc.reshape(-1, 32).sum(axis=1), 32).astype(np.float32)
    signal = np.maximum(counts + rng.normal(0, 4, LENGTH).astype(np.float32), 0)
    labels = (counts > 20).astype(np.float32)
    labels[60_000:61_000] = np.nan
    (folder / "toy.fa").write_text(f">chr1\n{decode(codes)}\n")
    evaluated = [EvaluatedTrack(0, "counts", "toy", None), EvaluatedTrack(1, "labels", "toy", None)]
    measured = [
        MeasuredTrack("counts", {"chr1": signal}),
        MeasuredTrack("labels", {"chr1": labels}, Binning("label")),
    ]
    with Fasta(folder / "toy.fa") as genome:
        data = EvaluationData(genome, evaluated[:tracks], measured[:tracks], split)
        model = EvaluatedModel("gc", CountsGC(), GEOMETRY, Readout(), tuple(range(tracks)))
        options = EvaluationOptions(n_draws=50, n_shifts=4, learners=learners)
        return evaluate(model, data, RULES, options, data_name="toy")
