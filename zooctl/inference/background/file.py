"""The file of a model's background: sorted scores by source, kind of allele, score and track.

A tensor ``<source>/<kind>/<score>/<track number>`` holds the absolute scores of alleles of one
kind, and ``<source>/activity/<statistic>/<track number>`` the larger prediction of REF and ALT
of each SNV, all float32 and sorted. Settings that the scores depend on stand in the metadata, as
JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from zooctl.errors import InputError, IntegrityError
from zooctl.files.weights.safetensors import metadata_of, read_safetensors
from zooctl.inference.background.percentiles import FEWEST
from zooctl.inference.options.predict_and_score import Null
from zooctl.sequence.kinds import Kind

FILE = "background.safetensors"
"""Its name in an entry's folder."""

_SCHEMA = 1
_KEY = "zooctl_background"


@dataclass(frozen=True)
class Settings:
    """Everything that a background's scores depend on.

    Attributes:
        model: Name of the model.
        weights: sha256 of its graph.
        assembly: Assembly of the genome that alleles were drawn from.
        n_shifts: Windows that a score is the mean over.
        max_shift: Largest shift in bp.
        shift_seed: Seed of the shifts.
        rc: Average over both strands.
        distance: Reach of ``local`` and ``delta`` in bp.
        seed: Seed of the alleles.
        sources: Null of alleles to how they were drawn, in words.
        zooctl: Version of the program.
    """

    model: str
    weights: str
    assembly: str
    n_shifts: int
    max_shift: int
    shift_seed: int
    rc: bool
    distance: int
    seed: int
    sources: dict[str, str]
    zooctl: str


@dataclass(frozen=True)
class ScoreBackground:
    """A model's background.

    Attributes:
        settings: What its scores depend on.
        values: Tensor by name.
    """

    settings: Settings
    values: Mapping[str, NDArray[np.float32]]

    def scores(self, source: Null, kind: Kind, key: str, track: int) -> NDArray[np.float32] | None:
        """Return the sorted absolute scores of a class; None where it has fewer than 1,000."""
        return self._enough(f"{source}/{kind}/{key}/{track}")

    def activities(self, source: Null, stem: str, track: int) -> NDArray[np.float32] | None:
        """Return the sorted predictions at its SNVs; None where there are fewer than 1,000."""
        return self._enough(f"{source}/activity/{stem}/{track}")

    def _enough(self, name: str) -> NDArray[np.float32] | None:
        found = self.values.get(name)
        return None if found is None or len(found) < FEWEST else found

    def counts(self) -> dict[str, int]:
        """Return the number of alleles of each class, as ``random/snv``."""
        found: dict[str, int] = {}
        for name, values in self.values.items():
            source, kind, *_ = name.split("/")
            if kind != "activity":
                found[f"{source}/{kind}"] = max(found.get(f"{source}/{kind}", 0), len(values))
        return dict(sorted(found.items()))

    def to_bytes(self) -> bytes:
        """Return the content of its file."""
        text = json.dumps({"schema": _SCHEMA, **asdict(self.settings)}, sort_keys=True)
        content: bytes = save(dict(self.values), metadata={_KEY: text})
        return content


def tensors_to_bytes(tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return tensors of a part of a background as safetensors, without settings."""
    content: bytes = save(dict(tensors))
    return content


def read_background(content: bytes, path: Path) -> ScoreBackground:
    """Read a background's file.

    Raises:
        InputError: It is no background, or of another version of its format.
        UnsafeError: It is no sound safetensors file.
        IntegrityError: Values are not sorted float32.
    """
    values: dict[str, NDArray[Any]] = read_safetensors(content, path)
    stated = _stated(metadata_of(content, path).get(_KEY, ""), path)
    for name, array in values.items():
        if array.dtype != np.float32 or array.ndim != 1 or (np.diff(array) < 0).any():
            raise IntegrityError("values of a background are not sorted", path=path, field=name)
    try:
        settings = Settings(**stated)
    except TypeError as error:
        raise InputError("not a background of this version", path=path, got=error) from None
    return ScoreBackground(settings, values)


def _stated(text: str, path: Path) -> dict[str, Any]:
    try:
        stated = json.loads(text)
        schema = stated.pop("schema")
    except (ValueError, AttributeError, KeyError):
        raise InputError(
            "not the background of a model", path=path, hint="zooctl calibrate makes one"
        ) from None
    if schema != _SCHEMA:
        raise InputError(
            "background is of another version", path=path, got=schema, expected=_SCHEMA
        )
    found: dict[str, Any] = stated
    return found
