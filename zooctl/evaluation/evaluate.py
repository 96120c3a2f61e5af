"""A model on its held-out regions, beside what simpler methods reach on the same bins."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.rules import Rules
from zooctl.errors import InputError
from zooctl.evaluation import bootstrap
from zooctl.evaluation.bootstrap import Estimate
from zooctl.evaluation.heldout import Network, Part, check_assembly, hold_out, interval_of
from zooctl.evaluation.material import Material
from zooctl.evaluation.robustness import variation_score
from zooctl.evaluation.scores import baseline_scores, model_scores
from zooctl.evaluation.table import Row, table, to_json

Stage = Callable[[float | None, str, str], AbstractContextManager[Callable[[float], None]]]

N_TOPS = 100
_MOST_PEAKS = 128


@dataclass(frozen=True)
class Robustness:
    """The variation score and what it was measured on."""

    value: float
    n_peaks: int
    n_shifts: int


@dataclass(frozen=True)
class Report:
    """An evaluation.

    Attributes:
        model: Name of the entry.
        regions: What was held out.
        rules: What counts as a bin, and as a strong one.
        n_bins: Bins that were judged.
        n_excluded: Bins of the regions that were not, for unknown sequence.
        n_strong: Strong ones among those judged.
        rows: The model first, then the baselines.
        fine_size: The model's own bin size.
        fine_pearson: Correlation over its own bins.
        robustness: Variation score on peaks.
        tops: Contig and position of the highest predictions.
        draws: Bootstrap draws.
        seed: Of the bootstrap and of the shifts.
    """

    model: str
    regions: tuple[str, ...]
    rules: Rules
    n_bins: int
    n_excluded: int
    n_strong: int
    rows: tuple[Row, ...]
    fine_size: int
    fine_pearson: Estimate
    robustness: Robustness
    tops: tuple[tuple[str, int], ...]
    draws: int
    seed: int

    @property
    def baselines(self) -> tuple[Row, ...]:
        """The rows of methods without a network."""
        return tuple(row for row in self.rows if not row.name.startswith(self.model))

    @property
    def prevalence(self) -> float:
        """Share of strong bins: the auPRC of a score without information."""
        return self.n_strong / self.n_bins

    def to_json(self) -> dict[str, object]:
        """Return all figures under their names, without the positions."""
        return {
            "model": self.model,
            "regions": self.regions,
            "rules": self.rules.model_dump(),
            "n_bins": self.n_bins,
            "n_excluded": self.n_excluded,
            "n_strong": self.n_strong,
            "prevalence": self.prevalence,
            "rows": [row.to_json() for row in self.rows],
            "fine": {"bin_size": self.fine_size, "pearson": to_json(self.fine_pearson)},
            "robustness": asdict(self.robustness),
            "bootstrap": {
                "draws": self.draws,
                "seed": self.seed,
                "block_length": self.rules.block_length,
            },
        }


@contextlib.contextmanager
def _silent(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
    yield lambda done: None


def evaluate(
    network: Network,
    material: Material,
    rules: Rules,
    *,
    n_draws: int = 1000,
    seed: int = 0,
    stage: Stage = _silent,
) -> Report:
    """Judge a model on its held-out regions.

    Args:
        network: The model.
        material: What was measured, and on which sequence.
        rules: What counts as a bin, and as a strong one.
        n_draws: Bootstrap draws for the intervals.
        seed: Of the bootstrap and of the shifts.
        stage: Opens a progress display from total, unit and label.

    Raises:
        InputError: No held-out region, tracks of another assembly, or no bin to judge.
    """
    held_out = material.split.test
    if not held_out:
        raise InputError("the model has no held-out regions", field="split.test", got="[]")
    tracks = [material.signal, *material.controls]
    check_assembly(material.genome, tracks, [*held_out, *material.split.train])
    contigs = material.genome.contigs
    windows = sum(
        network.plan([interval_of(region, contigs)], contigs).n_windows for region in held_out
    )
    with stage(windows, "windows", "predicting held-out regions") as advance:
        parts = [
            hold_out(
                region, network, material.genome, material.signal, material.controls, rules, advance
            )
            for region in held_out
        ]
    return _judge(parts, network, material, rules, n_draws, seed, stage)


def _judge(
    parts: Sequence[Part],
    network: Network,
    material: Material,
    rules: Rules,
    n_draws: int,
    seed: int,
    stage: Stage,
) -> Report:
    signal = np.concatenate([part.measured.mean[part.kept] for part in parts])
    strong = np.concatenate([part.measured.strong(rules)[part.kept] for part in parts])
    if not len(signal):
        raise InputError("no bin to judge: the held-out regions have no known sequence")
    blocks, n_blocks = _blocks(parts, rules)
    draws = bootstrap.draw(n_blocks, n_draws, seed)
    with stage(None, "methods", "fitting and scoring baselines"):
        scores = [*model_scores(parts, network), *baseline_scores(parts, material, rules)]
        rows = table(scores, signal, strong, blocks, draws)
    if material.motif is None:
        rows.append(Row("best motif hit", note=f"not measured: {material.no_motif}"))
    predicted, measured = map(np.concatenate, zip(*(part.fine for part in parts), strict=True))
    fine_blocks = np.repeat(blocks, rules.bin_size // network.geometry.bin_size)
    fine_pearson, _ = bootstrap.estimate(
        bootstrap.pearson_of(predicted, measured, fine_blocks), draws
    )
    return Report(
        model=network.name,
        regions=tuple(str(region) for region in material.split.test),
        rules=rules,
        n_bins=len(signal),
        n_excluded=sum(int((part.in_region & ~part.kept).sum()) for part in parts),
        n_strong=int(strong.sum()),
        rows=tuple(rows),
        fine_size=network.geometry.bin_size,
        fine_pearson=fine_pearson,
        robustness=_robustness(parts, network, material, rules, seed, stage),
        tops=_highest([(part.chrom, part.tops(N_TOPS)) for part in parts])[:N_TOPS],
        draws=n_draws,
        seed=seed,
    )


def _blocks(parts: Sequence[Part], rules: Rules) -> tuple[NDArray[np.int64], int]:
    """Return the block of each bin that is judged, numbered through over all parts."""
    blocks, n_blocks = [], 0
    for part in parts:
        own, n = bootstrap.blocks_of(part.measured.starts[part.kept], rules.block_length)
        blocks.append(own + n_blocks)
        n_blocks += n
    return np.concatenate(blocks), n_blocks


def _highest(found: Sequence[tuple[str, list[tuple[float, int]]]]) -> tuple[tuple[str, int], ...]:
    """Return contig and position of what was found on all contigs, highest first."""
    flat = [(height, chrom, place) for chrom, places in found for height, place in places]
    flat.sort(key=lambda item: -item[0])
    return tuple((chrom, place) for _, chrom, place in flat)


def _robustness(
    parts: Sequence[Part],
    network: Network,
    material: Material,
    rules: Rules,
    seed: int,
    stage: Stage,
    n_shifts: int = 20,
) -> Robustness:
    """Return the variation score on peaks; of many, a seeded sample."""
    peaks = _highest([(part.chrom, part.peaks(rules)) for part in parts])
    if len(peaks) > _MOST_PEAKS:
        chosen = np.random.default_rng(seed).choice(len(peaks), _MOST_PEAKS, replace=False)
        peaks = tuple(peaks[index] for index in sorted(chosen))
    sums = []
    with stage(len(peaks) * n_shifts, "windows", "shifting windows over peaks") as advance:
        for chrom in dict.fromkeys(chrom for chrom, _ in peaks):
            centres = np.array([place for name, place in peaks if name == chrom], dtype=np.int64)
            found = variation_score(
                network.outputs,
                partial(material.genome.padded_codes, chrom),
                centres,
                network.geometry,
                n_shifts=n_shifts,
                seed=seed,
                advance=advance,
            )
            sums.append(found.scores)
    scores = np.concatenate(sums) if sums else np.array([np.nan])
    known = scores[~np.isnan(scores)]
    return Robustness(float(known.mean()) if len(known) else float("nan"), len(peaks), n_shifts)
