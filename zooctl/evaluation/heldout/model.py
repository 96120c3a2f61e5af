"""The model under evaluation, ready to predict windows in the signal's unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.entry import Entry
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import (
    NO_INPUTS,
    Device,
    InputOptions,
    SessionOptions,
)
from zooctl.inference.other_inputs.given_inputs import reads_more
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.inference.tracks.genome_grid import GridPlan, plan
from zooctl.inference.tracks.predict import Predictor, Readout, core_values
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry

Values = NDArray[np.float32]
Scale = Literal["signal", "log", "logit", "probability"]


@dataclass(frozen=True, eq=False)
class EvaluatedModel:
    """A model and the tracks of it that are evaluated.

    Attributes:
        name: Name of its zoo entry or run.
        session: Predicts windows.
        geometry: Its window, in bp.
        readout: Turns its outputs into values.
        tracks: Indices of the evaluated tracks.
        scale: Scale of a predicted value.
    """

    name: str
    session: Predictor
    geometry: Geometry
    readout: Readout
    tracks: tuple[int, ...] = (0,)
    scale: Scale = "signal"

    @property
    def needs_places(self) -> bool:
        """Whether it predicts places of a genome alone, since it reads more than the sequence."""
        return isinstance(self.session, SeveralInputs)

    def plan(self, regions: Sequence[Interval], contigs: Mapping[str, int]) -> GridPlan:
        """Lay regions onto the genome grid of its windows."""
        return plan(regions, contigs, self.geometry)

    def outputs(self, codes: Codes) -> Values:
        """Predict the full outputs of windows in the signal's unit.

        Args:
            codes: ``(n, input_length)``.

        Returns:
            ``(n, n_evaluated, n_bins)``.
        """
        whole = Geometry(
            self.geometry.input_length,
            self.geometry.output_length,
            self.geometry.bin_size,
            self.geometry.output_length,
        )
        return core_values(codes, self.session, whole, list(self.tracks), self.readout)

    def centre_value(self, codes: Codes, reach: int = 64) -> Values:
        """Return the first evaluated track's mean within ``reach`` bp of window centres, ``(n,)``.

        Args:
            codes: ``(n, input_length)``.
            reach: Bases on each side of the centre.
        """
        middle, bins = self.geometry.n_bins / 2, max(0.5, reach / self.geometry.bin_size)
        near = slice(max(0, int(np.floor(middle - bins))), int(np.ceil(middle + bins)))
        mean: Values = self.outputs(codes)[:, 0, near].mean(axis=1)
        return mean


def open_model(
    entry: Entry,
    tracks: Sequence[int],
    device: Device,
    threads: int | None = None,
    inputs: InputOptions = NO_INPUTS,
) -> EvaluatedModel:
    """Open a model of the zoo for evaluation.

    Args:
        entry: The model.
        tracks: Indices of the evaluated tracks.
        device: Device to run it on.
        threads: CPU threads; every core by default.
        inputs: What it reads beside the sequence.
    """
    card = entry.card()
    session = OpenModel(entry, SessionOptions(device=device, threads=threads), inputs).session
    readout = Readout(card.output_transform)
    return EvaluatedModel(
        entry.name, session, card.geometry, readout, tuple(tracks), card.output_scale
    )


def judged_in(recipe: Recipe | None, inputs: InputOptions) -> tuple[InputOptions, str | None]:
    """Return what a network reads where it is judged, and the sample that it is judged in.

    They are as given or, where nothing is given, of the recipe's unseen sample.
    """
    if inputs.any or recipe is None or (unseen := recipe.evaluation.unseen) is None:
        return inputs, inputs.sample
    return (InputOptions(sample=unseen.name) if reads_more(recipe) else inputs), unseen.name
