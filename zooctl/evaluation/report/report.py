"""Report of an evaluation, as values and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.evaluation.metrics.classes import ClassConfusion
from zooctl.evaluation.metrics.classification import Confusion
from zooctl.evaluation.metrics.delong import DeLong
from zooctl.evaluation.metrics.profiles import TrackBins
from zooctl.evaluation.metrics.subsets import ResolutionAgreement, SubsetAgreement
from zooctl.evaluation.report.metric_table import MethodScore, MetricRow, to_json
from zooctl.schema.recipe.evaluation import Rules


@dataclass(frozen=True)
class Robustness:
    """Variation score, and the sequences that it was measured on.

    Attributes:
        value: Mean over sequences and tracks; NaN where it was not measured.
        by_track: Mean over sequences, for each track.
        n_peaks: Number of sequences.
        n_shifts: Windows per sequence.
    """

    value: float
    by_track: tuple[float, ...]
    n_peaks: int
    n_shifts: int


@dataclass(frozen=True, eq=False)
class PictureData:
    """Data behind the pictures of a track; not part of the report's values.

    Attributes:
        scores: Scores of all methods on the evaluated bins.
        positive: Which of these are positive, ``(n,)``.
        classed: Which of these are positive or negative, and not ambiguous, ``(n,)``.
        signal: Measured signal of these, ``(n,)``.
        regions: The model's own bins of each held-out region.
        contigs: Contig of each.
        peaks: Contig and position of the highest peaks, highest first.
    """

    scores: tuple[MethodScore, ...]
    positive: NDArray[np.bool_]
    classed: NDArray[np.bool_]
    signal: NDArray[np.floating]
    regions: tuple[TrackBins, ...]
    contigs: tuple[str, ...]
    peaks: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class TrackReport:
    """Evaluation of one track.

    Attributes:
        track: Its name.
        is_label: Whether it is compared with labels, which state the positive bins themselves.
        n_bins: Evaluated bins.
        n_excluded: Bins of the regions that are left out: of unknown sequence or label, excluded
            by the recipe, or read by a window that reaches beyond the region.
        n_positive: Positive bins among the evaluated ones.
        n_ambiguous: Evaluated bins that are neither positive nor negative, because they reach the
            threshold and not the ratio to a control; they count in agreement alone.
        rows: Metrics of the model first, then of the baselines.
        confusion: Calls of the model; None where no threshold is stated.
        delong: Test of the model's lead in AUROC over each other model, by its name.
        resolutions: Agreement of the model over all bins, at each resolution.
        fine_pearson: Correlation over the model's own bins, with its interval.
        selections: Agreement of the model on subsets of the test set.
        picture_data: Data of the pictures.
    """

    track: str
    is_label: bool
    n_bins: int
    n_excluded: int
    n_positive: int
    n_ambiguous: int
    rows: tuple[MetricRow, ...]
    confusion: Confusion | None
    delong: Mapping[str, DeLong]
    resolutions: tuple[ResolutionAgreement, ...]
    fine_pearson: Estimate
    selections: tuple[SubsetAgreement, ...]
    picture_data: PictureData = field(compare=False, repr=False)

    @property
    def prevalence(self) -> float:
        """Share of positive bins among those of a class: the auPRC without information."""
        return self.n_positive / self.n_classed

    @property
    def n_classed(self) -> int:
        """Evaluated bins that are positive or negative."""
        return self.n_bins - self.n_ambiguous

    def to_json(self) -> dict[str, object]:
        """Return all figures under their names."""
        return {
            "track": self.track,
            "is_label": self.is_label,
            "n_bins": self.n_bins,
            "n_excluded": self.n_excluded,
            "n_strong": self.n_positive,
            "n_ambiguous": self.n_ambiguous,
            "prevalence": self.prevalence,
            "rows": [row.to_json() for row in self.rows],
            "confusion": None
            if self.confusion is None
            else asdict(self.confusion) | self.confusion.rates(),
            **({"delong": _tests(self.delong)} if self.delong else {}),
            "fine_pearson": to_json(self.fine_pearson),
            "resolutions": [
                {"resolution": one.resolution, **_finite(asdict(one.agreement))}
                for one in self.resolutions
            ],
            "selections": [
                {
                    "kind": one.kind,
                    "threshold": one.threshold,
                    **_finite(asdict(one.agreement)),
                }
                for one in self.selections
            ],
        }


@dataclass(frozen=True)
class EvaluationReport:
    """Evaluation of all tracks of a model.

    Attributes:
        model: Name of the entry.
        data: Name of the data.
        regions: Held-out regions.
        rules: Bin size, and conditions of a positive bin.
        n_controls: Control experiments that limit positive bins.
        fine_size: The model's own bin size in bp.
        tracks: Report of each track.
        mean: Means of the rows over tracks; empty for one track.
        robustness: Variation score on peaks; None where it was not asked for, and for logarithms
            and log odds, which have no meaningful mean.
        tops: Contig and position of the highest predictions of the first track.
        draws: Bootstrap draws.
        seed: Seed of the bootstrap and of the shifts.
        classes: Confusion of classes that exclude each other; None for other tracks.
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
    classes: ClassConfusion | None = None

    @property
    def rows(self) -> tuple[MetricRow, ...]:
        """Rows of the only track, or of the mean over tracks."""
        return self.mean or self.tracks[0].rows

    def baselines(self, rows: tuple[MetricRow, ...]) -> tuple[MetricRow, ...]:
        """Return the rows of the baselines."""
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
            **({} if self.classes is None else {"classes": self.classes.to_json()}),
            "robustness": None if self.robustness is None else _finite(asdict(self.robustness)),
            "bootstrap": {
                "draws": self.draws,
                "seed": self.seed,
                "block_length": self.rules.block_length,
            },
        }


def _tests(found: Mapping[str, DeLong]) -> dict[str, object]:
    return {name: _finite(asdict(one)) for name, one in found.items()}


def _finite(values: Mapping[str, object]) -> dict[str, object]:
    """Return figures with None for those that are not finite numbers."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return _finite(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
