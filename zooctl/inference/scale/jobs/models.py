"""Models of a plan: opened by their addresses, and compared with those that were planned with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.catalog import registry
from zooctl.errors import IntegrityError
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import NO_INPUTS, InputOptions, SessionOptions
from zooctl.inference.scale.plan import PlannedModel


@dataclass(frozen=True)
class Addresses:
    """Models as a user names them.

    Attributes:
        names: Names, folders, or addresses on the hub.
        allow_untrusted: Whether addresses on the hub are allowed.
    """

    names: Sequence[str]
    allow_untrusted: bool = False

    def open(self, session: SessionOptions, inputs: InputOptions = NO_INPUTS) -> list[OpenModel]:
        """Return the models with a session's options."""
        return [
            OpenModel(registry.entry(name, self.allow_untrusted), session, inputs)
            for name in self.names
        ]

    def planned(self, models: Sequence[OpenModel]) -> list[PlannedModel]:
        """Return the models with the digests of their weights."""
        return [
            PlannedModel(
                str(Path(name).absolute()) if Path(name).is_dir() and "/" in name else name,
                model.card.name,
                model.weights_digest,
                self.allow_untrusted,
            )
            for name, model in zip(self.names, models, strict=True)
        ]


def open_planned(
    planned: Sequence[PlannedModel], session: SessionOptions, inputs: InputOptions = NO_INPUTS
) -> list[OpenModel]:
    """Return the models of a plan.

    Raises:
        IntegrityError: A model here has other weights.
    """
    models = []
    for one in planned:
        (model,) = Addresses([one.address], one.allow_untrusted).open(session, inputs)
        if model.weights_digest != one.weights:
            raise IntegrityError(
                f"{one.name} here has other weights than the plan",
                got=f"sha256 {model.weights_digest}",
                expected=f"sha256 {one.weights}",
                hint=f"zooctl pull {one.name}, or make a new plan",
            )
        models.append(model)
    return models
