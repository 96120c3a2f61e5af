"""What an evaluation found, as values and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.evaluation.metrics.classification import Confusion
from zooctl.evaluation.metrics.profiles import ProfileAgreement
from zooctl.evaluation.metrics.profiles import TrackBins as Bins
from zooctl.evaluation.metrics.test_sets import AtResolution, Selected
from zooctl.evaluation.report.rows import MetricRow, Score, to_json
from zooctl.schema.recipe.evaluation import Rules


@dataclass(frozen=True)
class Robustness:
    """The variation score and what it was measured on.

    Attributes:
        value: Mean over sequences and tracks; NaN where it was not measured.
        by_track: Mean over sequences of each track.
        n_peaks: Sequences.
        n_shifts: Windows to a sequence.
    """

    value: float
    by_track: tuple[float, ...]
    n_peaks: int
    n_shifts: int


@dataclass(frozen=True, eq=False)
class Drawn:
    """What pictures of a track are drawn from; not part of the report's values.

    Attributes:
        scores: The methods on the bins that were judged.
        strong: Which of these are strong, ``(n,)``.
        signal: What was measured of them, ``(n,)``.
        regions: The model's own bins of each held-out region.
        contigs: Contig of each.
        peaks: Contig and position of the highest peaks.
    """

    scores: tuple[Score, ...]
    strong: NDArray[np.bool_]
    signal: NDArray[np.floating]
    regions: tuple[Bins, ...]
    contigs: tuple[str, ...]
    peaks: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class TrackReport:
    """An evaluation of one track.

    Attributes:
        track: Its name.
        is_label: Whether it is held against labels, which say themselves what is strong.
        n_bins: Bins that were judged.
        n_excluded: Bins of the regions that were not: of unknown sequence or label, or read by a
            window that reaches beyond the region.
        n_strong: Strong ones among those judged.
        rows: The model first, then the baselines.
        confusion: Calls of the model; None where no threshold is stated.
        resolutions: The model over all bins, at each resolution.
        fine_pearson: Correlation over the model's own bins, with its interval.
        selections: The model on other test sets.
        drawn: For pictures.
    """

    track: str
    is_label: bool
    n_bins: int
    n_excluded: int
    n_strong: int
    rows: tuple[MetricRow, ...]
    confusion: Confusion | None
    resolutions: tuple[AtResolution, ...]
    fine_pearson: Estimate
    selections: tuple[Selected, ...]
    drawn: Drawn = field(compare=False, repr=False)

    @property
    def prevalence(self) -> float:
        """Share of strong bins: the auPRC of a score without information."""
        return self.n_strong / self.n_bins

    def to_json(self) -> dict[str, object]:
        """Return all figures under their names."""
        return {
            "track": self.track,
            "is_label": self.is_label,
            "n_bins": self.n_bins,
            "n_excluded": self.n_excluded,
            "n_strong": self.n_strong,
            "prevalence": self.prevalence,
            "rows": [row.to_json() for row in self.rows],
            "confusion": None if self.confusion is None else asdict(self.confusion),
            "fine_pearson": to_json(self.fine_pearson),
            "resolutions": [
                {"resolution": one.resolution, **_figures(one.agreement)}
                for one in self.resolutions
            ],
            "selections": [
                {"kind": one.kind, "threshold": one.threshold, **_figures(one.agreement)}
                for one in self.selections
            ],
        }


@dataclass(frozen=True)
class EvaluationReport:
    """An evaluation.

    Attributes:
        model: Name of the entry.
        data: Whose data it was judged on.
        regions: What was held out.
        rules: What counts as a bin, and as a strong one.
        n_controls: Control experiments that had a say in what is strong.
        fine_size: The model's own bin size.
        tracks: One report a track.
        mean: Means of the rows over tracks; empty for one track.
        robustness: Variation score on peaks; None where it was not asked for, and of logarithms
            and log odds, which have no mean to speak of.
        tops: Contig and position of the highest predictions of the first track.
        draws: Bootstrap draws.
        seed: Of the bootstrap and of the shifts.
    """

    model: str
    data: str
    regions: tuple[str, ...]
    rules: Rules
    n_controls: int
    fine_size: int
    tracks: tuple[TrackReport, ...]
    mean: tuple[MetricRow, ...]
    robustness: Robustness | None
    tops: tuple[tuple[str, int], ...]
    draws: int
    seed: int

    @property
    def rows(self) -> tuple[MetricRow, ...]:
        """The table of the only track, or of the mean over tracks."""
        return self.mean or self.tracks[0].rows

    def baselines(self, rows: tuple[MetricRow, ...]) -> tuple[MetricRow, ...]:
        """Return the rows of methods without a network."""
        own = (self.model, f"{self.model}, ")
        return tuple(row for row in rows if row.name != own[0] and not row.name.startswith(own[1]))

    def to_json(self) -> dict[str, object]:
        """Return all figures under their names, without the positions."""
        return {
            "model": self.model,
            "data": self.data,
            "regions": self.regions,
            "rules": self.rules.model_dump(),
            "n_controls": self.n_controls,
            "bin_size": self.fine_size,
            "tracks": [track.to_json() for track in self.tracks],
            "mean_over_tracks": [row.to_json() for row in self.mean],
            "robustness": None if self.robustness is None else _finite(asdict(self.robustness)),
            "bootstrap": {
                "draws": self.draws,
                "seed": self.seed,
                "block_length": self.rules.block_length,
            },
        }


def _figures(found: ProfileAgreement) -> dict[str, object]:
    return _finite(asdict(found))


def _finite(values: Mapping[str, object]) -> dict[str, object]:
    """Return figures with None for what is not a finite number."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return _finite(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
