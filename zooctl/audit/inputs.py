"""Inputs of an audit: the recipe and its card, the recipe's files, and the data in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zooctl.audit.split_data import GeneMap, SplitData, Values
from zooctl.progress import Progress, no_progress
from zooctl.schema.card import Card
from zooctl.schema.recipe.inputs import in_sample, measured_inputs
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal
from zooctl.sequence.onehot import Codes
from zooctl.training.tracks.signals_and_labels import Files


@dataclass(frozen=True)
class AuditedTrack:
    """A track, control or input; where a recipe has several samples, in one of them.

    Attributes:
        name: Name in reports, with the sample if there are several.
        track: Name in the recipe.
        signal: Signal that it is made of.
    """

    name: str
    track: str
    signal: AnySignal


def target_rows(recipe: Recipe) -> list[AuditedTrack]:
    """Return the tracks of a recipe, in the order of the dataset's rows."""
    return _in_samples(recipe, [(target.track, target.signal) for target in recipe.targets])


def control_rows(recipe: Recipe) -> list[AuditedTrack]:
    """Return the controls of a recipe, in the order of the dataset's rows."""
    return _in_samples(recipe, [(control.name, control.signal) for control in recipe.controls])


def input_rows(recipe: Recipe) -> list[AuditedTrack]:
    """Return the signals per base that the network reads, in the order of the dataset's rows."""
    given = [(one.name, one.signal) for one in measured_inputs(recipe.inputs)]
    return _in_samples(recipe, given)


def _in_samples(recipe: Recipe, named: Sequence[tuple[str, AnySignal]]) -> list[AuditedTrack]:
    if not recipe.samples:
        return [AuditedTrack(name, name, signal) for name, signal in named]
    return [
        AuditedTrack(f"{name} in {sample.name}", name, in_sample(signal, sample))
        for sample in recipe.samples
        for name, signal in named
    ]


@dataclass(frozen=True, eq=False)
class AuditInputs:
    """Inputs of the checks.

    Attributes:
        recipe: The audited recipe.
        card: Card of its model, if it has one.
        files: The recipe's files; None where one is not here.
        data: The data in them; None where they or the genome are not here, or are invalid.
        missing: Reason why there are no files or no data.
        genes: Bases of genes, if an annotation is given.
        predict: Codes of windows ``(n, input_length)`` to the mean prediction over their cores
            ``(n, n_tracks)``; None where there are no weights.
        progress: Opens a progress display.
    """

    recipe: Recipe
    card: Card | None = None
    files: Files | None = None
    data: SplitData | None = None
    missing: str = ""
    genes: GeneMap | None = None
    predict: Callable[[Codes], Values] | None = None
    progress: Progress = no_progress

    @property
    def tracks(self) -> list[str]:
        """Names of the target rows: tracks, or tracks in samples."""
        return [row.name for row in target_rows(self.recipe)]
