"""Build the report of an evaluation from measured and predicted held-out regions."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.baselines.sequence_scores import SequenceScores
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.class_confusion import class_confusion
from zooctl.evaluation.heldout.method_scores import (
    baseline_scores,
    calling_threshold,
    model_scores,
)
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.options import EvaluationOptions
from zooctl.evaluation.heldout.predict_region import HeldoutRegion
from zooctl.evaluation.heldout.rivals import Rival, delong_of
from zooctl.evaluation.metrics import bootstrap
from zooctl.evaluation.metrics.classification import Confusion
from zooctl.evaluation.metrics.profiles import TrackBins
from zooctl.evaluation.metrics.regression import known_mean
from zooctl.evaluation.metrics.robustness import variation_score
from zooctl.evaluation.metrics.subsets import (
    ResolutionAgreement,
    SubsetAgreement,
    over_resolutions,
    over_subsets,
)
from zooctl.evaluation.report.metric_table import (
    MethodScore,
    MetricRow,
    MetricTable,
    mean_over_tracks,
    metric_table,
)
from zooctl.evaluation.report.report import EvaluationReport, PictureData, Robustness, TrackReport
from zooctl.progress import Progress
from zooctl.schema.recipe.evaluation import Rules

N_TOPS = 100
_MOST_PEAKS = 128
_PICTURED_PEAKS = 64
# Resolutions of Toneyan et al. 2022, used where the model's bins divide them.
_RESOLUTIONS = (32, 128, 512)

Blocks = Sequence[NDArray[np.int64]]


class _MeasuredTrack(NamedTuple):
    """Measurements of the evaluated bins of one track.

    Attributes:
        known: Which of the bins with a prediction have a value, ``(m,)``.
        signal: Measured signal of those, ``(n,)``.
        positive: Which of those are positive, ``(n,)``.
        classed: Which of those are positive or negative, and not ambiguous, ``(n,)``.
        blocks: Bootstrap block of each, ``(n,)``.
    """

    known: NDArray[np.bool_]
    signal: NDArray[np.floating]
    positive: NDArray[np.bool_]
    classed: NDArray[np.bool_]
    blocks: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ReportBuilder:
    """Computes all figures of a report."""

    model: EvaluatedModel
    data: EvaluationData
    rules: Rules
    options: EvaluationOptions
    regions: Sequence[HeldoutRegion]
    sequence: SequenceScores
    rivals: Sequence[Rival] = ()

    def build(self, data_name: str, progress: Progress) -> EvaluationReport:
        """Compute the report.

        Args:
            data_name: Name of the data in the report.
            progress: Opens a progress display.
        """
        model, data, options = self.model, self.data, self.options
        blocks, n_blocks = _number_blocks(self.regions, self.rules)
        draws = bootstrap.draw(n_blocks, options.n_draws, options.seed)
        # Neither needs the other, and scoring keeps one core busy for seconds.
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(self._tracks, blocks, draws)
            robustness = self._robustness(progress) if options.n_shifts and self._has_mean else None
            with progress(None, "methods", "scoring"):
                tables, tracks = job.result()
        return EvaluationReport(
            model=model.name,
            data=data_name,
            regions=tuple(str(region) for region in data.split.test),
            rules=self.rules,
            n_controls=len(data.controls),
            fine_size=model.geometry.bin_size,
            tracks=tuple(tracks),
            mean=tuple(mean_over_tracks(tables, one_unit=data.one_unit)) if len(tables) > 1 else (),
            robustness=robustness,
            tops=_highest_first(
                [(one.chrom, one.top_predictions(0, N_TOPS)) for one in self.regions]
            )[:N_TOPS],
            draws=options.n_draws,
            seed=options.seed,
            classes=class_confusion(self.regions, model, data),
        )

    def _tracks(
        self, blocks: Blocks, draws: bootstrap.Multiplicity
    ) -> tuple[list[MetricTable], list[TrackReport]]:
        """Return the metrics and the report of every track."""
        baselines, missing = baseline_scores(self.regions, self.data, self.sequence)
        found = [
            self._track(index, scores, missing, blocks, draws)
            for index, scores in enumerate(baselines)
        ]
        return [table for table, _ in found], [report for _, report in found]

    def _track(
        self,
        index: int,
        baselines: Sequence[MethodScore],
        missing: Sequence[MetricRow],
        blocks: Blocks,
        draws: bootstrap.Multiplicity,
    ) -> tuple[MetricTable, TrackReport]:
        binning = self.data.measured[index].binning
        is_label = binning.is_label
        in_unit = self.model.scale == ("probability" if is_label else "signal")
        threshold = calling_threshold(self.model, self.rules, binning)
        truth = self._measured(index, blocks)
        own = model_scores(self.regions, self.model, index, threshold, is_signal=in_unit)
        own += [rival.score(index) for rival in self.rivals]
        scores = [score.select(truth.known) for score in (*own, *baselines)]
        table = metric_table(
            scores, truth.signal, truth.positive, truth.blocks, draws, classed=truth.classed
        )
        bins = self._model_bins(index, blocks)
        resolutions = over_resolutions(bins, self._resolutions(), self.rules, in_unit=in_unit)
        confusion = None
        if threshold is not None and truth.positive.any():
            ranking = scores[0].ranking[truth.classed]
            confusion = Confusion.at(ranking, truth.positive[truth.classed], threshold)
        return table, TrackReport(
            track=self.data.tracks[index].name,
            is_label=is_label,
            n_bins=len(truth.signal),
            n_excluded=sum(len(one.kept) for one in self.regions) - len(truth.signal),
            n_positive=int(truth.positive.sum()),
            n_ambiguous=int((~truth.classed).sum()),
            rows=(*table.rows, *missing),
            confusion=confusion,
            delong=delong_of(scores, truth.positive, truth.classed, self.rivals),
            resolutions=tuple(resolutions),
            fine_pearson=_fine_pearson(bins, draws),
            selections=self._subsets(index, bins, resolutions, in_unit),
            picture_data=self._picture_data(index, scores, truth, bins),
        )

    def _measured(self, index: int, blocks: Blocks) -> _MeasuredTrack:
        """Return the measurements of a track's evaluated bins."""
        measured = [(one.measured.tracks[index], one.kept) for one in self.regions]
        known = np.concatenate([one.known[kept] for one, kept in measured])
        if not known.any():
            name = self.data.tracks[index].name
            raise InputError("no bin to judge: no bin has a known value", field=name)
        own = [block[one.kept] for one, block in zip(self.regions, blocks, strict=True)]
        return _MeasuredTrack(
            known,
            np.concatenate([one.mean[kept] for one, kept in measured])[known],
            np.concatenate([one.positive[kept] for one, kept in measured])[known],
            ~np.concatenate([one.ambiguous[kept] for one, kept in measured])[known],
            np.concatenate(own)[known],
        )

    def _subsets(
        self,
        index: int,
        bins: Sequence[TrackBins],
        resolutions: Sequence[ResolutionAgreement],
        in_unit: bool,
    ) -> tuple[SubsetAgreement, ...]:
        """Return the test sets at the model's own resolution, all bins first."""
        own = self.model.geometry.bin_size
        peaks = [[place for _, place in one.peaks(index)] for one in self.regions]
        highest = None
        if self.options.threshold_over == "base":
            tracks = [one.measured.tracks[index] for one in self.regions]
            highest = [np.repeat(one.highest, self.rules.bin_size // own) for one in tracks]
        found = over_subsets(
            bins,
            peaks,
            self.rules,
            self.options.thresholds,
            in_unit=in_unit,
            highest_base=highest,
        )
        whole = [
            SubsetAgreement("whole", None, one.agreement)
            for one in resolutions
            if one.resolution == own
        ]
        return (*whole, *found)

    def _picture_data(
        self,
        index: int,
        scores: Sequence[MethodScore],
        truth: _MeasuredTrack,
        bins: Sequence[TrackBins],
    ) -> PictureData:
        peaks = _highest_first([(one.chrom, one.peaks(index)) for one in self.regions])
        contigs = tuple(one.chrom for one in self.regions)
        shown = peaks[:_PICTURED_PEAKS]
        return PictureData(
            tuple(scores), truth.positive, truth.classed, truth.signal, tuple(bins), contigs, shown
        )

    def _resolutions(self) -> list[int]:
        """Return the resolutions asked for, or those that the model's bins divide."""
        if self.options.resolutions:
            return list(self.options.resolutions)
        own = self.model.geometry.bin_size
        sizes = {own, self.rules.bin_size, *(size for size in _RESOLUTIONS if size % own == 0)}
        return sorted(sizes)

    def _model_bins(self, index: int, blocks: Blocks) -> list[TrackBins]:
        """Return the model's own bins of each region; those inside evaluated bins count."""
        own = self.model.geometry.bin_size
        per_bin = self.rules.bin_size // own
        tracks = []
        for one, block in zip(self.regions, blocks, strict=True):
            measured = one.measured.tracks[index]
            used = np.repeat(one.kept & measured.known, per_bin) & ~np.isnan(measured.fine)
            tracks.append(
                TrackBins(
                    int(measured.starts[0]) if len(measured.starts) else 0,
                    own,
                    one.predicted[index],
                    measured.fine,
                    used,
                    np.repeat(block, per_bin),
                )
            )
        return tracks

    @property
    def _has_mean(self) -> bool:
        """Whether shifted sequences have a meaningful mean; logarithms may be 0 or below."""
        return self.model.scale in ("signal", "probability") and not self.model.needs_places

    def _robustness(self, progress: Progress) -> Robustness:
        """Return the variation score on peaks of all tracks, or on a seeded sample of many."""
        n_shifts, seed = self.options.n_shifts, self.options.seed
        n = len(self.model.tracks)
        found = [(one.chrom, one.peaks(index)) for one in self.regions for index in range(n)]
        peaks = tuple(dict.fromkeys(_highest_first(found)))
        if len(peaks) > _MOST_PEAKS:
            chosen = np.random.default_rng(seed).choice(len(peaks), _MOST_PEAKS, replace=False)
            peaks = tuple(peaks[index] for index in sorted(chosen))
        rows = [np.full((1, n), np.nan)]
        with progress(len(peaks) * n_shifts, "windows", "shifting windows over peaks") as advance:
            for chrom in dict.fromkeys(chrom for chrom, _ in peaks):
                rows.append(
                    variation_score(
                        self.model.outputs,
                        partial(self.data.genome.padded_codes, chrom),
                        np.array([place for name, place in peaks if name == chrom], np.int64),
                        self.model.geometry,
                        n_shifts=n_shifts,
                        seed=seed,
                        advance=advance,
                    ).scores
                )
        scores = np.concatenate(rows)
        by_track = tuple(known_mean(column) for column in scores.T)
        return Robustness(known_mean(scores), by_track, len(peaks), n_shifts)


def _fine_pearson(bins: Sequence[TrackBins], draws: bootstrap.Multiplicity) -> bootstrap.Estimate:
    predicted, measured, block = (
        np.concatenate([getattr(one, name)[one.used] for one in bins])
        for name in ("predicted", "measured", "block")
    )
    statistic = bootstrap.pearson_of(predicted, measured, block, draws.shape[1])
    return bootstrap.estimate(statistic, draws)[0]


def _number_blocks(
    regions: Sequence[HeldoutRegion], rules: Rules
) -> tuple[list[NDArray[np.int64]], int]:
    """Number bootstrap blocks over all regions; a bin that is not evaluated has block -1."""
    blocks, n_blocks = [], 0
    for one in regions:
        block = np.full(len(one.kept), -1, dtype=np.int64)
        own, n = bootstrap.blocks_of(one.measured.starts[one.kept], rules.block_length)
        block[one.kept] = own + n_blocks
        blocks.append(block)
        n_blocks += n
    return blocks, n_blocks


def _highest_first(
    found: Sequence[tuple[str, list[tuple[float, int]]]],
) -> tuple[tuple[str, int], ...]:
    """Return contig and position of places on all contigs, highest first."""
    flat = [(height, chrom, place) for chrom, places in found for height, place in places]
    flat.sort(key=lambda item: -item[0])
    return tuple((chrom, place) for _, chrom, place in flat)
