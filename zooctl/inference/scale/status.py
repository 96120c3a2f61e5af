"""The state of a plan, from what lies in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zooctl.inference.scale.folder import Failure, PlanFolder


@dataclass(frozen=True)
class PlanStatus:
    """The state of a plan.

    Attributes:
        verb: The command that is planned.
        models: Names of its models.
        unit: Unit of its work.
        shards: Number of its shards.
        done: Shards that are there.
        work: The whole work.
        work_done: Work of the shards that are there.
        seconds: Time that they took, all workers together.
        hosts: Machines that computed them.
        failures: Shards that failed and were not computed since.
    """

    verb: str
    models: tuple[str, ...]
    unit: str
    shards: int
    done: int
    work: int
    work_done: int
    seconds: float
    hosts: tuple[str, ...]
    failures: Mapping[int, Failure]

    @property
    def rate(self) -> float:
        """Work a second of one worker; 0 before a shard is there."""
        return self.work_done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float:
        """Time of one worker for the rest; 0 where no rate is known."""
        return (self.work - self.work_done) / self.rate if self.rate else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the document that ``--json`` prints."""
        return {
            "verb": self.verb,
            "models": self.models,
            "shards": self.shards,
            "done": self.done,
            "failed": [
                {"shard": number, "error": one.error, "exit_code": one.exit_code, "host": one.host}
                for number, one in self.failures.items()
            ],
            "unit": self.unit,
            "work": self.work,
            "work_done": self.work_done,
            "worker_seconds": round(self.seconds, 1),
            "worker_seconds_left": round(self.seconds_left, 1),
            "hosts": self.hosts,
        }


def read_status(folder: PlanFolder) -> PlanStatus:
    """Return the state of a plan; the bytes of shards are not read."""
    plan = folder.plan
    found = [(shard, receipt) for shard in plan.shards if (receipt := folder.receipt(shard.number))]
    return PlanStatus(
        verb=plan.verb,
        models=tuple(model.name for model in plan.models),
        unit=plan.unit,
        shards=len(plan.shards),
        done=len(found),
        work=plan.work,
        work_done=sum(shard.work for shard, _ in found),
        seconds=sum(receipt.seconds for _, receipt in found),
        hosts=tuple(dict.fromkeys(receipt.host for _, receipt in found)),
        failures=folder.failures(),
    )
