"""Result of a study, as values and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zooctl.errors import InputError
from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.evaluation.report.metric_table import to_json
from zooctl.reproduction.studies.judge import Comparison, Verdict, summarise, verdict_of


@dataclass(frozen=True)
class ArmResult:
    """Figures of one arm.

    Attributes:
        name: The arm.
        values: Its figure in each replicate, with an interval where the report has one.
    """

    name: str
    values: tuple[Estimate, ...]

    @property
    def figure(self) -> Estimate:
        """Mean over replicates, or the only one."""
        return summarise(self.values)


@dataclass(frozen=True)
class StudyResult:
    """Figures of a study, and what they say of the claim.

    Attributes:
        study: Name.
        arms: In the order of the study.
        comparisons: Of the claim.
        minutes: Of measuring and training.
    """

    study: str
    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]
    minutes: float

    @property
    def verdict(self) -> Verdict:
        """Direction of all comparisons."""
        return verdict_of(self.comparisons)

    def to_json(self) -> dict[str, Any]:
        """Return all figures under their names."""
        return {
            "study": self.study,
            "verdict": self.verdict,
            "minutes": round(self.minutes, 1),
            "arms": [
                {"name": arm.name, "values": [to_json(one) for one in arm.values]}
                for arm in self.arms
            ],
            "comparisons": [
                {**asdict(one), "difference": to_json(one.difference), "direction": one.direction}
                for one in self.comparisons
            ],
        }

    def to_text(self) -> str:
        """Return the JSON as the text of a file."""
        return json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n"


def read_result(path: Path) -> StudyResult:
    """Read a result.

    Raises:
        InputError: The file is none.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return StudyResult(
            document["study"],
            tuple(
                ArmResult(arm["name"], tuple(_estimate(one) for one in arm["values"]))
                for arm in document["arms"]
            ),
            tuple(
                Comparison(
                    one["higher"],
                    one["lower"],
                    _estimate(one["difference"]),
                    one["n_higher"],
                    one["n"],
                )
                for one in document["comparisons"]
            ),
            document["minutes"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("no result of a study", path=path, got=str(error)[:80]) from None


def _estimate(values: dict[str, float | None]) -> Estimate:
    sides = (values[name] for name in ("value", "low", "high"))
    return Estimate(*(math.nan if side is None else side for side in sides))
