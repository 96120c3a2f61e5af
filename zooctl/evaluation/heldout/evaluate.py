"""Evaluate a model on its held-out regions, beside simpler methods on the same bins."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from threadpoolctl import threadpool_limits

from zooctl.errors import InputError
from zooctl.evaluation.baselines.best_motif import choose_motifs
from zooctl.evaluation.baselines.feature_models import fit_learners
from zooctl.evaluation.baselines.gkm import fit_gkm
from zooctl.evaluation.baselines.kmer_ridge import FittedBaselines, fit
from zooctl.evaluation.baselines.sequence_scores import score_sequence
from zooctl.evaluation.baselines.training_bins import sample_bins
from zooctl.evaluation.baselines.trunk_ridge import Trunk, score_by_trunk
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.build_report import ReportBuilder
from zooctl.evaluation.heldout.measure_region import (
    margin_of,
    measure_region,
    open_bins,
    read_padded,
)
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.options import BEST_MOTIF, GKM, EvaluationOptions
from zooctl.evaluation.heldout.predict_region import predict_region
from zooctl.evaluation.heldout.rivals import Rival, predict_rivals
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.files.fasta.reader import Fasta
from zooctl.interpret.motif_search.motif_collections import JASPAR, read_collection
from zooctl.progress import Progress, no_progress
from zooctl.schema.recipe.evaluation import Rules

_DEFAULT = EvaluationOptions()


def evaluate(
    model: EvaluatedModel,
    data: EvaluationData,
    rules: Rules,
    options: EvaluationOptions = _DEFAULT,
    *,
    data_name: str = "",
    versus: Sequence[EvaluatedModel] = (),
    trunk: Trunk | None = None,
    progress: Progress = no_progress,
) -> EvaluationReport:
    """Evaluate a model on its held-out regions.

    Args:
        model: The model; its evaluated tracks are those of the data.
        data: Measurements, and their genome.
        rules: Bin size, and conditions of a positive bin.
        options: Resolutions, bootstrap and shifts.
        data_name: Name of the data in the report.
        versus: Other models that are compared on the bins that all predict.
        trunk: Network whose activations a further linear baseline reads.
        progress: Opens a progress display.

    Raises:
        InputError: No held-out region, no bin to evaluate, or resolutions that do not fit; or a
            motif is to be chosen and there are no validation regions.
    """
    held_out = data.split.test
    if not held_out:
        raise InputError("the model has no held-out regions", field="split.test", got="[]")
    if BEST_MOTIF in options.learners and not (data.split.train and data.split.validation):
        raise InputError(
            "no validation regions to choose a motif on", field="--baselines", got=BEST_MOTIF
        )
    contigs = data.genome.contigs
    intervals = [region.interval(contigs[region.chrom]) for region in held_out]
    n_windows = sum(model.plan([interval], contigs).n_windows for interval in intervals)
    fine_size = model.geometry.bin_size
    # Work without a network keeps one core busy at a time, so two jobs of it run side by side. The
    # network has all cores to itself after that, as any job beside it holds up all its threads.
    with progress(None, "methods", "fitting baselines"), ThreadPoolExecutor(1) as pool:
        fitting = pool.submit(_fit_baselines, data, rules, fine_size, options)
        padded = [read_padded(region, data, rules) for region in held_out]
        measured = [
            measure_region(region, codes, data, rules, fine_size)
            for region, codes in zip(held_out, padded, strict=True)
        ]
        sequence = score_sequence(padded, margin_of(rules), fitting, data.motifs, rules)
    with progress(n_windows, "windows", "predicting held-out regions") as advance:
        regions = [predict_region(one, model, data, rules, advance) for one in measured]
    rivals: list[Rival] = []
    if versus:
        plans = [rival.plan(intervals, contigs).n_windows for rival in versus]
        with progress(sum(plans), "windows", "predicting by the other models") as advance:
            regions, rivals = predict_rivals(versus, regions, data, rules, advance)
    if not any(region.kept.any() for region in regions):
        raise InputError("no bin to judge: the held-out regions have no known sequence")
    if trunk is not None:
        found = score_by_trunk(trunk, data, rules, fine_size, progress)
        sequence = replace(
            sequence,
            ridges=sequence.ridges | found.ridges,
            fits=sequence.fits | found.fits,
        )
    if options.accessibility is not None:
        path = options.accessibility
        opened = [open_bins(path, region, data, rules) for region in held_out]
        sequence = replace(sequence, opened=opened)
    builder = ReportBuilder(model, data, rules, options, regions, sequence, rivals)
    return builder.build(data_name, progress)


def _fit_baselines(
    data: EvaluationData, rules: Rules, fine_size: int, options: EvaluationOptions
) -> FittedBaselines | None:
    """Fit the linear baselines, and learners that were asked for; None without training regions.

    The genome is opened anew, for a thread of its own. More threads for linear algebra would wait
    for each other where there are no more cores.
    """
    with Fasta(*data.genome.paths) as genome:
        own = replace(data, genome=genome)
        training, validation = (
            sample_bins(own, regions, rules, fine_size)
            for regions in (data.split.train, data.split.validation)
        )
    if training is None:
        return None
    with threadpool_limits(1, user_api="blas"):
        fitted = fit(training, validation, rules)
        if options.fitted:
            motifs = [data.motifs.get(track.target or "") for track in data.tracks]
            more = training, validation, motifs, rules
            learners = fit_learners(options.fitted, options.resample, *more)
            fitted = replace(fitted, learners=learners)
        if GKM in options.learners:
            fitted = replace(fitted, gkm=fit_gkm(training, rules))
        if BEST_MOTIF in options.learners and validation is not None:
            chosen = choose_motifs(validation, read_collection(JASPAR.id), rules)
            fitted = replace(fitted, motifs=chosen)
    return fitted
