"""The plan of a large run: its models, inputs, settings and shards, as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from zooctl import __version__
from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.files.disk.pinned import digest_of
from zooctl.inference.scale.inputs import PlannedInput
from zooctl.inference.scale.plan_files import PlanFiles

Verb = Literal["score-variants", "predict", "calibrate", "attribute"]

PLAN = "plan.json"
"""Its name in the folder of a plan."""

_SCHEMA = 1


@dataclass(frozen=True)
class PlannedModel:
    """A model of a plan.

    Attributes:
        address: Its name in the zoo, its folder, or its address on the hub.
        name: Its name on its card.
        weights: sha256 of its graph with weights.
        allow_untrusted: Whether an address on the hub was allowed.
    """

    address: str
    name: str
    weights: str
    allow_untrusted: bool


@dataclass(frozen=True)
class Shard:
    """A part of a plan that is computed in one piece.

    Attributes:
        number: Its number, from 1.
        work: Its size in the plan's unit.
        part: The part, in terms of the command that is planned.
    """

    number: int
    work: int
    part: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A planned run.

    Attributes:
        verb: The command.
        software: Versions that the bits of a result depend on.
        models: The models.
        inputs: The files that shards are computed from.
        options: Option records of the command, by name.
        settings: Settings that follow from all of these; a worker compares its own with them.
        unit: Unit of work, in the plural.
        facts: Facts that the whole output needs beside the shards.
        output: Name of the output where none is given.
        shards: The shards, in the order of the output.
    """

    verb: Verb
    software: Mapping[str, str]
    models: Sequence[PlannedModel]
    inputs: Sequence[PlannedInput]
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    unit: str
    facts: Mapping[str, Any]
    output: str
    shards: Sequence[Shard]

    @property
    def work(self) -> int:
        """Its size in the plan's unit."""
        return sum(shard.work for shard in self.shards)

    @property
    def label(self) -> str:
        """Its models, for people."""
        return ", ".join(model.name for model in self.models)

    def to_bytes(self) -> bytes:
        """Return the document."""
        return (json.dumps({"schema": _SCHEMA, **asdict(self)}, indent=1) + "\n").encode()


def software() -> dict[str, str]:
    """Return the versions of the software here that the bits of a result depend on."""
    from zooctl.inference.device.runtime import VERSION

    return {"zooctl": __version__, "onnxruntime": VERSION, "numpy": np.__version__}


def read_plan(files: PlanFiles) -> tuple[Plan, str]:
    """Return the plan among some files, and the digest of its document.

    Raises:
        InputError: There is none, or one of another version.
        NetworkError: They lie in an object store that does not answer.
    """
    path = f"{files.shown}/{PLAN}"
    try:
        content = files.read(PLAN)
    except OSError as error:
        raise InputError(
            "not a folder of a plan",
            path=files.shown,
            got=error.strerror or "no plan.json",
            hint="zooctl plan makes one",
        ) from None
    try:
        stated = json.loads(content)
        schema = stated.pop("schema")
        if schema == _SCHEMA:
            stated["models"] = [PlannedModel(**one) for one in stated["models"]]
            stated["inputs"] = [PlannedInput(**one) for one in stated["inputs"]]
            stated["shards"] = [Shard(**one) for one in stated["shards"]]
            return Plan(**stated), digest_of(content)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError("the document is no plan", path=path, hint="make a new plan") from None
    raise InputError(
        "plan is of another version", path=path, got=schema, expected=_SCHEMA, hint=_ANEW
    )


_ANEW = "make a new plan with this version of zooctl"


def check_software(plan: Plan) -> None:
    """Refuse to work on a plan of other software, whose shards would have other bits.

    Raises:
        InputError: A version differs; the error names it.
        ManyErrors: Several do.
    """
    here = software()
    errors: list[ZooError] = [
        InputError(
            f"the plan is of another {name}",
            got=here.get(name, "none"),
            expected=version,
            hint=f"install {name} {version} here, or make a new plan",
        )
        for name, version in plan.software.items()
        if here.get(name) != version
    ]
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
