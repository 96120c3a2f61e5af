"""The scores of a store that answer for a model: of its weights, by one choice of settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.score_store.parts import Part
from zooctl.files.score_store.spaces import Space, Store
from zooctl.inference.background.ranker import Scored
from zooctl.inference.model import OpenModel
from zooctl.inference.variants.shift_robust_statistics import Measure
from zooctl.progress import Say

_SHOWN = 12
"""Letters of a digest that people see."""


@dataclass(frozen=True)
class StoredScores:
    """The scores of one model by one choice of settings.

    Attributes:
        space: Their folder.
    """

    space: Space

    @property
    def name(self) -> str:
        """The digest of their settings, short."""
        return self.space.digest[:_SHOWN]

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.space.facts["model"])

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The scores of an allele on a track, in order."""
        return tuple(Measure(*of) for of in self.space.facts["measures"])

    @cached_property
    def tracks(self) -> tuple[tuple[str, str], ...]:
        """Name and unit of each track."""
        return tuple((name, unit) for name, unit in self.space.facts["tracks"])

    @property
    def in_genes(self) -> bool:
        """Whether they are scores in genes."""
        return bool(self.space.facts["scores"]["genes"])

    @cached_property
    def scored(self) -> Scored:
        """What a background has to fit."""
        given = self.space.facts["scores"]
        shifts = len(given["shifts"]), given["max_shift"]
        weights = str(self.space.facts["weights"])
        return Scored(weights, *shifts, given["rc"], self.measures, given["distance"])

    def parts(self) -> Iterator[Part]:
        """Yield the parts of all contigs; their bytes are not looked at."""
        for contig in self.space.contigs():
            if (folder := self.space.parts(contig)) is not None:
                yield from folder.parts()

    @property
    def n_rows(self) -> int:
        """Number of stored alleles, those that several parts hold counted several times."""
        return sum(part.rows for part in self.parts())


def stored_scores(root: Path, model: str | None, say: Say) -> list[StoredScores]:
    """Return all scores of a store, or those of a model.

    Raises:
        InputError: There is no such folder.
    """
    if not root.is_dir():
        raise InputError("no store", path=root, expected="a folder that --store has filled")
    return [StoredScores(space) for space in Store(root, say).spaces(model)]


def choose(root: Path, model: OpenModel, settings: str | None, say: Say) -> StoredScores:
    """Return the scores of a model's weights and card as they are today.

    Args:
        root: The store.
        model: The model.
        settings: Begin of the digest of the settings; None where there is no choice.
        say: Told about damaged parts.

    Raises:
        InputError: There are none; or several, and none is chosen.
    """
    name = model.card.name
    fresh = [
        one
        for one in stored_scores(root, name, say)
        if one.space.facts["weights"] == model.weights_digest
        and one.space.facts["version"] == model.card.version
        and one.n_rows
    ]
    found = [one for one in fresh if one.space.digest.startswith(settings or "")]
    if not found:
        raise InputError(
            f"the store has no scores of {name}" + (" by these settings" if fresh else ""),
            path=root,
            got=settings,
            expected=", ".join(one.name for one in fresh) or None,
            hint=None if fresh else f"zooctl atlas {name} --store {root} --region … computes some",
        )
    if len(found) > 1:
        raise InputError(
            f"the store has scores of {name} by several settings",
            path=root,
            got=", ".join(f"{one.name} ({one.n_rows:,} alleles)" for one in found),
            hint="choose one with --settings",
        )
    return found[0]
