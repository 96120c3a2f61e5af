"""A model on its held-out regions, beside what simpler methods reach on the same bins."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from threadpoolctl import threadpool_limits

from zooctl.catalog.rules import Rules
from zooctl.errors import InputError
from zooctl.evaluation.from_sequence import from_sequence
from zooctl.evaluation.heldout import Network, hold_out
from zooctl.evaluation.judge import Judge, Options, Stage
from zooctl.evaluation.material import Material
from zooctl.evaluation.observed import margin_of, observe, read_around
from zooctl.evaluation.report import Report
from zooctl.evaluation.ridge import Fitted, fit
from zooctl.evaluation.sample import sample_bins
from zooctl.files.fasta import Fasta

_DEFAULT = Options()


@contextlib.contextmanager
def _silent(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
    yield lambda done: None


def evaluate(
    network: Network,
    material: Material,
    rules: Rules,
    options: Options = _DEFAULT,
    *,
    data: str = "",
    stage: Stage = _silent,
) -> Report:
    """Judge a model on its held-out regions.

    Args:
        network: The model; its tracks are those that the material wants.
        material: What was measured, and on which sequence.
        rules: What counts as a bin, and as a strong one.
        options: How it is done.
        data: What the report calls the data.
        stage: Opens a progress display from total, unit and label.

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
    with stage(None, "methods", "fitting baselines"), ThreadPoolExecutor(1) as pool:
        fitting = pool.submit(_fit, material, rules, fine_size)
        arounds = [read_around(region, material, rules) for region in held_out]
        observed = [
            observe(region, around, material, rules, fine_size)
            for region, around in zip(held_out, arounds, strict=True)
        ]
        found = from_sequence(arounds, margin_of(rules), fitting, material.motifs, rules)
    with stage(windows, "windows", "predicting held-out regions") as advance:
        parts = [hold_out(one, network, material, rules, advance) for one in observed]
    if not any(part.kept.any() for part in parts):
        raise InputError("no bin to judge: the held-out regions have no known sequence")
    return Judge(network, material, rules, options, parts, found).report(data, stage)


def _fit(material: Material, rules: Rules, fine_size: int) -> Fitted | None:
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
