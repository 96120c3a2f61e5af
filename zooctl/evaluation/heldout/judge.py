"""All figures of an evaluation, from what was measured and predicted of the held-out regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.baselines.from_sequence import FromSequence
from zooctl.evaluation.data.data import EvaluationData
from zooctl.evaluation.heldout.predicted import EvaluatedModel, HeldoutRegion
from zooctl.evaluation.heldout.scores import baseline_scores, model_scores
from zooctl.evaluation.metrics import bootstrap
from zooctl.evaluation.metrics.classification import Confusion
from zooctl.evaluation.metrics.profiles import TrackBins
from zooctl.evaluation.metrics.robustness import variation_score
from zooctl.evaluation.metrics.test_sets import AtResolution, Selected, over_resolutions, selections
from zooctl.evaluation.report.report import Drawn, EvaluationReport, Robustness, TrackReport
from zooctl.evaluation.report.rows import MetricRow, MetricTable, Score, mean_over_tracks, table
from zooctl.progress import Progress
from zooctl.schema.recipe.evaluation import Rules

N_TOPS = 100
_MOST_PEAKS = 128
_PICTURED_PEAKS = 64
# Of Toneyan et al. 2022, where the model's bins divide them.
_RESOLUTIONS = (32, 128, 512)


@dataclass(frozen=True)
class EvaluationOptions:
    """How an evaluation is done, beside the rules of the data.

    Attributes:
        resolutions: Bin sizes in bp; the model's own, 32, 128, 512 and the rules' if empty.
        thresholds: Of the test sets by signal; quantiles of it if None.
        n_draws: Bootstrap draws for the intervals.
        n_shifts: Windows to a peak for the variation score; 0 to leave it out.
        seed: Of the bootstrap and of the shifts.
    """

    resolutions: tuple[int, ...] = ()
    thresholds: tuple[float, ...] | None = None
    n_draws: int = 1000
    n_shifts: int = 20
    seed: int = 0


def stated_threshold(network: EvaluatedModel, rules: Rules, is_label: bool) -> float | None:
    """Return from which prediction on a bin is called; None where nothing states it."""
    if rules.decision is not None:
        return rules.decision
    if network.scale == "probability":
        return 0.5
    if network.scale == "logit":
        return 0.0
    return None if is_label or network.scale != "signal" else rules.positive_min_signal


class _Bins(NamedTuple):
    """Bins of a track that are judged.

    Attributes:
        known: Which of those with a prediction have a value, ``(m,)``.
        signal: What was measured, ``(n,)``.
        strong: Which are strong, ``(n,)``.
        blocks: Block of each, ``(n,)``.
    """

    known: NDArray[np.bool_]
    signal: NDArray[np.floating]
    strong: NDArray[np.bool_]
    blocks: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Judge:
    """All that the figures are computed from."""

    network: EvaluatedModel
    material: EvaluationData
    rules: Rules
    options: EvaluationOptions
    parts: Sequence[HeldoutRegion]
    sequence: FromSequence

    def report(self, data: str, progress: Progress) -> EvaluationReport:
        network, material, rules, options = self.network, self.material, self.rules, self.options
        blocks, n_blocks = _blocks(self.parts, rules)
        draws = bootstrap.draw(n_blocks, options.n_draws, options.seed)
        # Neither needs the other, and scoring keeps one core busy for seconds.
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(self.scored, blocks, draws)
            robustness = self.robustness(progress) if options.n_shifts and self.has_mean() else None
            with progress(None, "methods", "scoring"):
                judged, missing = job.result()
        tables = [one for one, _ in judged]
        return EvaluationReport(
            model=network.name,
            data=data,
            regions=tuple(str(region) for region in material.split.test),
            rules=rules,
            n_controls=len(material.controls),
            fine_size=network.geometry.bin_size,
            tracks=tuple(report((*one.rows, *missing)) for one, report in judged),
            mean=tuple(mean_over_tracks(tables)) if len(tables) > 1 else (),
            robustness=robustness,
            tops=_highest([(part.chrom, part.tops(0, N_TOPS)) for part in self.parts])[:N_TOPS],
            draws=options.n_draws,
            seed=options.seed,
        )

    def scored(
        self, blocks: Sequence[NDArray[np.int64]], draws: bootstrap.Multiplicity
    ) -> tuple[list[tuple[MetricTable, Callable[..., TrackReport]]], list[MetricRow]]:
        """Judge every track; also return a line for each baseline that is missing."""
        baselines, missing = baseline_scores(self.parts, self.material, self.sequence)
        judged = [self.track(index, own, blocks, draws) for index, own in enumerate(baselines)]
        return judged, missing

    def track(
        self,
        index: int,
        baselines: Sequence[Score],
        blocks: Sequence[NDArray[np.int64]],
        draws: bootstrap.Multiplicity,
    ) -> tuple[MetricTable, Callable[..., TrackReport]]:
        """Judge one track; the report is still to be given its rows."""
        is_label = self.material.truths[index].binning.statistic == "label"
        in_unit = self.network.scale == ("probability" if is_label else "signal")
        threshold = stated_threshold(self.network, self.rules, is_label)
        bins = self.bins(index, blocks)
        own = model_scores(self.parts, self.network, index, threshold, is_signal=in_unit)
        scores = [score.at(bins.known) for score in (*own, *baselines)]
        found = table(scores, bins.signal, bins.strong, bins.blocks, draws)
        tracks = self.fine(index, blocks)
        whole = over_resolutions(tracks, self.resolutions(), self.rules, in_unit=in_unit)
        confusion = None
        if threshold is not None and bins.strong.any():
            confusion = Confusion.at(scores[0].ranking, bins.strong, threshold)
        return found, partial(
            TrackReport,
            self.material.wanted[index].name,
            is_label,
            len(bins.signal),
            sum(len(part.kept) for part in self.parts) - len(bins.signal),
            int(bins.strong.sum()),
            confusion=confusion,
            resolutions=tuple(whole),
            fine_pearson=_fine_pearson(tracks, draws),
            selections=self.selections(index, tracks, whole, in_unit),
            drawn=self.drawn(index, scores, bins, tracks),
        )

    def bins(self, index: int, blocks: Sequence[NDArray[np.int64]]) -> _Bins:
        """Return what was measured of the bins of a track that are judged."""
        measured = [(part.measured[index], part.kept) for part in self.parts]
        known = np.concatenate([one.known[kept] for one, kept in measured])
        if not known.any():
            name = self.material.wanted[index].name
            raise InputError("no bin to judge: no bin has a known value", field=name)
        own = [block[part.kept] for part, block in zip(self.parts, blocks, strict=True)]
        return _Bins(
            known,
            np.concatenate([one.mean[kept] for one, kept in measured])[known],
            np.concatenate([one.strong[kept] for one, kept in measured])[known],
            np.concatenate(own)[known],
        )

    def selections(
        self, index: int, tracks: Sequence[TrackBins], whole: Sequence[AtResolution], in_unit: bool
    ) -> tuple[Selected, ...]:
        """Return the test sets at the model's own resolution, all bins first."""
        own = self.network.geometry.bin_size
        peaks = [[place for _, place in part.peaks(index)] for part in self.parts]
        found = selections(tracks, peaks, self.rules, self.options.thresholds, in_unit=in_unit)
        every = [Selected("whole", None, one.agreement) for one in whole if one.resolution == own]
        return (*every, *found)

    def drawn(
        self, index: int, scores: Sequence[Score], bins: _Bins, tracks: Sequence[TrackBins]
    ) -> Drawn:
        """Return what pictures of a track are drawn from."""
        peaks = _highest([(part.chrom, part.peaks(index)) for part in self.parts])
        contigs = tuple(part.chrom for part in self.parts)
        shown = peaks[:_PICTURED_PEAKS]
        return Drawn(tuple(scores), bins.strong, bins.signal, tuple(tracks), contigs, shown)

    def resolutions(self) -> list[int]:
        """Return the resolutions that were asked for, or those that the model has."""
        if self.options.resolutions:
            return list(self.options.resolutions)
        own = self.network.geometry.bin_size
        sizes = {own, self.rules.bin_size, *(size for size in _RESOLUTIONS if size % own == 0)}
        return sorted(sizes)

    def fine(self, index: int, blocks: Sequence[NDArray[np.int64]]) -> list[TrackBins]:
        """Return the model's own bins of each region; those count that lie in judged bins."""
        own = self.network.geometry.bin_size
        per_bin = self.rules.bin_size // own
        tracks = []
        for part, block in zip(self.parts, blocks, strict=True):
            measured = part.measured[index]
            used = np.repeat(part.kept & measured.known, per_bin) & ~np.isnan(measured.fine)
            start = int(part.starts[0]) if len(part.starts) else 0
            tracks.append(
                TrackBins(
                    start,
                    own,
                    part.predicted[index],
                    measured.fine,
                    used,
                    np.repeat(block, per_bin),
                )
            )
        return tracks

    def has_mean(self) -> bool:
        """Say whether a mean prediction means something; that of logarithms may be 0 or below."""
        return self.network.scale in ("signal", "probability")

    def robustness(self, progress: Progress) -> Robustness:
        """Return the variation score on peaks of all tracks; of many, a seeded sample."""
        n_shifts, seed = self.options.n_shifts, self.options.seed
        n = len(self.network.tracks)
        found = [(part.chrom, part.peaks(index)) for part in self.parts for index in range(n)]
        peaks = tuple(dict.fromkeys(_highest(found)))
        if len(peaks) > _MOST_PEAKS:
            chosen = np.random.default_rng(seed).choice(len(peaks), _MOST_PEAKS, replace=False)
            peaks = tuple(peaks[index] for index in sorted(chosen))
        rows = [np.full((1, n), np.nan)]
        with progress(len(peaks) * n_shifts, "windows", "shifting windows over peaks") as advance:
            for chrom in dict.fromkeys(chrom for chrom, _ in peaks):
                scores = variation_score(
                    self.network.outputs,
                    partial(self.material.genome.padded_codes, chrom),
                    np.array([place for name, place in peaks if name == chrom], dtype=np.int64),
                    self.network.geometry,
                    n_shifts=n_shifts,
                    seed=seed,
                    advance=advance,
                ).scores
                rows.append(scores)
        scores = np.concatenate(rows)
        by_track = tuple(_mean(column) for column in scores.T)
        return Robustness(_mean(scores), by_track, len(peaks), n_shifts)


def _mean(scores: NDArray[np.float64]) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.mean()) if len(known) else float("nan")


def _fine_pearson(tracks: Sequence[TrackBins], draws: bootstrap.Multiplicity) -> bootstrap.Estimate:
    predicted, measured, block = (
        np.concatenate([side[track.used] for track, side in zip(tracks, sides, strict=True)])
        for sides in zip(
            *((track.predicted, track.measured, track.block) for track in tracks), strict=True
        )
    )
    statistic = bootstrap.pearson_of(predicted, measured, block, draws.shape[1])
    return bootstrap.estimate(statistic, draws)[0]


def _blocks(parts: Sequence[HeldoutRegion], rules: Rules) -> tuple[list[NDArray[np.int64]], int]:
    """Return the block of each bin, numbered through over all parts; -1 where it is not judged."""
    blocks, n_blocks = [], 0
    for part in parts:
        block = np.full(len(part.kept), -1, dtype=np.int64)
        own, n = bootstrap.blocks_of(part.starts[part.kept], rules.block_length)
        block[part.kept] = own + n_blocks
        blocks.append(block)
        n_blocks += n
    return blocks, n_blocks


def _highest(found: Sequence[tuple[str, list[tuple[float, int]]]]) -> tuple[tuple[str, int], ...]:
    """Return contig and position of what was found on all contigs, highest first."""
    flat = [(height, chrom, place) for chrom, places in found for height, place in places]
    flat.sort(key=lambda item: -item[0])
    return tuple((chrom, place) for _, chrom, place in flat)
