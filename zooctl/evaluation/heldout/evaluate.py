"""A model on its held-out regions, beside what simpler methods reach on the same bins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from threadpoolctl import threadpool_limits

from zooctl.errors import InputError
from zooctl.evaluation.baselines.from_sequence import from_sequence
from zooctl.evaluation.baselines.ridge import Fitted, fit
from zooctl.evaluation.baselines.training_bins import sample_bins
from zooctl.evaluation.data.data import EvaluationData
from zooctl.evaluation.heldout.judge import EvaluationOptions, Judge
from zooctl.evaluation.heldout.observed import margin_of, observe, read_around
from zooctl.evaluation.heldout.predicted import EvaluatedModel, hold_out
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.files.fasta.reader import Fasta
from zooctl.progress import Progress, no_progress
from zooctl.schema.recipe.evaluation import Rules

_DEFAULT = EvaluationOptions()


def evaluate(
    network: EvaluatedModel,
    material: EvaluationData,
    rules: Rules,
    options: EvaluationOptions = _DEFAULT,
    *,
    data: str = "",
    progress: Progress = no_progress,
) -> EvaluationReport:
    """Judge a model on its held-out regions.

    Args:
        network: The model; its tracks are those that the material wants.
        material: What was measured, and on which sequence.
        rules: What counts as a bin, and as a strong one.
        options: How it is done.
        data: What the report calls the data.
        progress: Opens a progress display from total, unit and label.

    Raises:
        InputError: No held-out region, no bin to judge, or resolutions that do not fit.
    """
    held_out = material.split.test
    if not held_out:
        raise InputError("the model has no held-out regions", field="split.test", got="[]")
    contigs = material.genome.contigs
    intervals = [region.interval(contigs[region.chrom]) for region in held_out]
    windows = sum(network.plan([interval], contigs).n_windows for interval in intervals)
    fine_size = network.geometry.bin_size
    # What needs no network keeps one core busy at a time, so two of it run beside each other. The
    # network has all cores to itself after that, as what runs beside it holds up all its threads.
    with progress(None, "methods", "fitting baselines"), ThreadPoolExecutor(1) as pool:
        fitting = pool.submit(_fit, material, rules, fine_size)
        arounds = [read_around(region, material, rules) for region in held_out]
        observed = [
            observe(region, around, material, rules, fine_size)
            for region, around in zip(held_out, arounds, strict=True)
        ]
        found = from_sequence(arounds, margin_of(rules), fitting, material.motifs, rules)
    with progress(windows, "windows", "predicting held-out regions") as advance:
        parts = [hold_out(one, network, material, rules, advance) for one in observed]
    if not any(part.kept.any() for part in parts):
        raise InputError("no bin to judge: the held-out regions have no known sequence")
    return Judge(network, material, rules, options, parts, found).report(data, progress)


def _fit(material: EvaluationData, rules: Rules, fine_size: int) -> Fitted | None:
    """Fit the linear baselines; None without training regions.

    The genome is opened anew, for a thread of its own. More threads for linear algebra would wait
    for each other where there are no more cores.
    """
    with Fasta(*material.genome.paths) as genome:
        own = replace(material, genome=genome)
        training, validation = (
            sample_bins(own, regions, rules, fine_size)
            for regions in (material.split.train, material.split.validation)
        )
    if training is None:
        return None
    with threadpool_limits(1, user_api="blas"):
        return fit(training, validation, rules)
