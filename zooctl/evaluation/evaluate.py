"""A model on its held-out regions, beside what simpler methods reach on the same bins."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.rules import Rules
from zooctl.errors import InputError
from zooctl.evaluation import bootstrap
from zooctl.evaluation.classification import Confusion
from zooctl.evaluation.heldout import Network, Part, hold_out
from zooctl.evaluation.material import Material
from zooctl.evaluation.profiles import Track
from zooctl.evaluation.report import Drawn, Report, Robustness, TrackReport
from zooctl.evaluation.ridge import Fitted, training_bins
from zooctl.evaluation.robustness import variation_score
from zooctl.evaluation.scores import baseline_scores, model_scores
from zooctl.evaluation.selections import Selected, over_resolutions, selections
from zooctl.evaluation.table import Score, Table, mean_over_tracks, table

Stage = Callable[[float | None, str, str], AbstractContextManager[Callable[[float], None]]]

N_TOPS = 100
_MOST_PEAKS = 128
_PICTURED_PEAKS = 64
# Of Toneyan et al. 2022, where the model's bins divide them.
_RESOLUTIONS = (32, 128, 512)


@dataclass(frozen=True)
class Options:
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
    training = training_bins(material, rules, network.geometry.bin_size)
    # Fitting takes seconds of one core, which the network does not keep busy all the time.
    with ThreadPoolExecutor(1) as pool:
        fitting = None if training is None else pool.submit(training.fit, rules)
        with stage(windows, "windows", "predicting held-out regions") as advance:
            parts = [hold_out(region, network, material, rules, advance) for region in held_out]
        fitted = None if fitting is None else fitting.result()
    if not any(part.kept.any() for part in parts):
        raise InputError("no bin to judge: the held-out regions have no known sequence")
    return _Judge(network, material, rules, options, parts, fitted).report(data, stage)


def stated_threshold(network: Network, rules: Rules, is_label: bool) -> float | None:
    """Return from which prediction on a bin is called; None where nothing states it."""
    if rules.decision is not None:
        return rules.decision
    if network.scale == "probability":
        return 0.5
    if network.scale == "logit":
        return 0.0
    return None if is_label or network.scale != "signal" else rules.positive_min_signal


@dataclass(frozen=True, eq=False)
class _Judge:
    """All that the figures are computed from."""

    network: Network
    material: Material
    rules: Rules
    options: Options
    parts: Sequence[Part]
    fitted: Fitted | None

    def report(self, data: str, stage: Stage) -> Report:
        network, material, rules, options = self.network, self.material, self.rules, self.options
        blocks, n_blocks = _blocks(self.parts, rules)
        draws = bootstrap.draw(n_blocks, options.n_draws, options.seed)
        with stage(None, "methods", "scoring"):
            baselines, missing = baseline_scores(self.parts, material, rules, self.fitted)
            judged = [self.track(index, own, blocks, draws) for index, own in enumerate(baselines)]
        tables = [one for one, _ in judged]
        return Report(
            model=network.name,
            data=data,
            regions=tuple(str(region) for region in material.split.test),
            rules=rules,
            fine_size=network.geometry.bin_size,
            tracks=tuple(report((*one.rows, *missing)) for one, report in judged),
            mean=tuple(mean_over_tracks(tables)) if len(tables) > 1 else (),
            robustness=self.robustness(stage) if options.n_shifts else None,
            tops=_highest([(part.chrom, part.tops(0, N_TOPS)) for part in self.parts])[:N_TOPS],
            draws=options.n_draws,
            seed=options.seed,
        )

    def track(
        self,
        index: int,
        baselines: Sequence[Score],
        blocks: Sequence[NDArray[np.int64]],
        draws: bootstrap.Multiplicity,
    ) -> tuple[Table, Callable[..., TrackReport]]:
        """Judge one track; the report is still to be given its rows."""
        measured = [part.measured[index] for part in self.parts]
        signal, strong, known = (
            np.concatenate([side[part.kept] for part, side in zip(self.parts, sides, strict=True)])
            for sides in (
                [one.mean for one in measured],
                [one.strong for one in measured],
                [one.known for one in measured],
            )
        )
        if not known.any():
            name = self.material.wanted[index].name
            raise InputError("no bin to judge: no bin has a known value", field=name)
        is_label = self.material.truths[index].binning.statistic == "label"
        threshold = stated_threshold(self.network, self.rules, is_label)
        in_unit = self.network.scale == ("probability" if is_label else "signal")
        own = model_scores(self.parts, self.network, index, threshold, is_signal=in_unit)
        scores = [score.at(known) for score in (*own, *baselines)]
        signal, strong = signal[known], strong[known]
        judged_blocks = np.concatenate(
            [block[part.kept] for part, block in zip(self.parts, blocks, strict=True)]
        )[known]
        found = table(scores, signal, strong, judged_blocks, draws)
        tracks = self.fine(index, blocks)
        peaks = [[place for _, place in part.peaks(index)] for part in self.parts]
        whole = over_resolutions(tracks, self.resolutions(), self.rules, in_unit=in_unit)
        chosen = selections(tracks, peaks, self.rules, self.options.thresholds, in_unit=in_unit)
        own_size = next(
            (one for one in whole if one.resolution == self.network.geometry.bin_size), None
        )
        everywhere = [] if own_size is None else [Selected("whole", None, own_size.agreement)]
        return found, partial(
            TrackReport,
            self.material.wanted[index].name,
            is_label,
            len(signal),
            sum(len(part.kept) for part in self.parts) - len(signal),
            int(strong.sum()),
            confusion=None
            if threshold is None or not strong.any()
            else Confusion.at(scores[0].ranking, strong, threshold),
            resolutions=tuple(whole),
            fine_pearson=_fine_pearson(tracks, draws),
            selections=(*everywhere, *chosen),
            drawn=Drawn(
                tuple(scores),
                strong,
                signal,
                tuple(tracks),
                tuple(part.chrom for part in self.parts),
                _highest([(part.chrom, part.peaks(index)) for part in self.parts])[
                    :_PICTURED_PEAKS
                ],
            ),
        )

    def resolutions(self) -> list[int]:
        """Return the resolutions that were asked for, or those that the model has."""
        if self.options.resolutions:
            return list(self.options.resolutions)
        own = self.network.geometry.bin_size
        sizes = {own, self.rules.bin_size, *(size for size in _RESOLUTIONS if size % own == 0)}
        return sorted(sizes)

    def fine(self, index: int, blocks: Sequence[NDArray[np.int64]]) -> list[Track]:
        """Return the model's own bins of each region; those count that lie in judged bins."""
        own = self.network.geometry.bin_size
        per_bin = self.rules.bin_size // own
        tracks = []
        for part, block in zip(self.parts, blocks, strict=True):
            measured = part.measured[index]
            used = np.repeat(part.kept & measured.known, per_bin) & ~np.isnan(measured.fine)
            start = int(part.starts[0]) if len(part.starts) else 0
            tracks.append(
                Track(
                    start,
                    own,
                    part.predicted[index],
                    measured.fine,
                    used,
                    np.repeat(block, per_bin),
                )
            )
        return tracks

    def robustness(self, stage: Stage) -> Robustness:
        """Return the variation score on peaks of all tracks; of many, a seeded sample."""
        n_shifts, seed = self.options.n_shifts, self.options.seed
        n = len(self.network.tracks)
        found = [(part.chrom, part.peaks(index)) for part in self.parts for index in range(n)]
        peaks = tuple(dict.fromkeys(_highest(found)))
        if len(peaks) > _MOST_PEAKS:
            chosen = np.random.default_rng(seed).choice(len(peaks), _MOST_PEAKS, replace=False)
            peaks = tuple(peaks[index] for index in sorted(chosen))
        rows = [np.full((1, n), np.nan)]
        with stage(len(peaks) * n_shifts, "windows", "shifting windows over peaks") as advance:
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


def _fine_pearson(tracks: Sequence[Track], draws: bootstrap.Multiplicity) -> bootstrap.Estimate:
    predicted, measured, block = (
        np.concatenate([side[track.used] for track, side in zip(tracks, sides, strict=True)])
        for sides in zip(
            *((track.predicted, track.measured, track.block) for track in tracks), strict=True
        )
    )
    statistic = bootstrap.pearson_of(predicted, measured, block, draws.shape[1])
    return bootstrap.estimate(statistic, draws)[0]


def _blocks(parts: Sequence[Part], rules: Rules) -> tuple[list[NDArray[np.int64]], int]:
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
