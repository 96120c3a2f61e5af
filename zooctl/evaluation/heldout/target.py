"""A model with the data that it can be evaluated on: of its recipe, or of files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.errors import InputError
from zooctl.progress import Say, silent

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.evaluation.data.evaluation_data import EvaluatedTrack, EvaluationData
    from zooctl.evaluation.heldout.model import EvaluatedModel
    from zooctl.schema.fields import Split
    from zooctl.schema.recipe.evaluation import Rules
    from zooctl.schema.recipe.recipe import Recipe


@dataclass(frozen=True, eq=False)
class EvaluationTarget:
    """A model, ready to be evaluated.

    Attributes:
        name: Name of the entry, or of the run's folder.
        model: Predicts the evaluated tracks.
        tracks: Tracks that are evaluated.
        assembly: Assembly that the model was trained on.
        trained_on: Regions of its training and validation; None where nobody says.
        recipe: Names data and rules; None where only files can.
        data_name: Name of that recipe.
        entry: Its entry of the zoo; None for a run.
        decision: Prediction from which on its own recipe calls a bin; None where none says.
        other_tracks: Its tracks that are not evaluated.
        sample: Sample of the recipe that it is evaluated in, or the name of another one.
    """

    name: str
    model: EvaluatedModel
    tracks: Sequence[EvaluatedTrack]
    assembly: str
    trained_on: Split | None
    recipe: Recipe | None
    data_name: str
    entry: Entry | None
    decision: float | None = None
    other_tracks: Sequence[EvaluatedTrack] = ()
    sample: str | None = None

    @property
    def rules(self) -> Rules:
        """Rules of the data, with the model's own decision threshold.

        Without a recipe, bins have the default size, rounded up to whole bins of the model.
        """
        from zooctl.schema.recipe.evaluation import Rules

        if self.recipe is not None:
            return self.recipe.evaluation.model_copy(update={"decision": self.decision})
        default, own = Rules(), self.model.geometry.bin_size
        return default.model_copy(update={"bin_size": -(-default.bin_size // own) * own})

    @property
    def data_assembly(self) -> str:
        """Assembly of the data."""
        return self.assembly if self.recipe is None else self.recipe.genome.assembly

    def split(self, regions: Sequence[str]) -> Split:
        """Return the regions to evaluate and to fit baselines on.

        Args:
            regions: Regions to evaluate in place of the held-out ones.

        Raises:
            InputError: There are none, or the model was trained on one.
        """
        from zooctl.evaluation.heldout.refuse_training_regions import SeenRegions, heldout_split

        split = self.recipe.split if self.recipe is not None else self.trained_on
        seen = SeenRegions(self.name, self.assembly, self.trained_on)
        return heldout_split(split, regions, seen, self.data_assembly)

    def open_data(
        self,
        files: Sequence[Path],
        regions: Sequence[str],
        fasta: Path | None,
        say: Say = silent,
    ) -> AbstractContextManager[EvaluationData]:
        """Open the data to evaluate on.

        Args:
            files: Measured tracks or peaks in place of the recipe's targets.
            regions: Regions in place of the held-out ones.
            fasta: Genome in place of the assembly's.
            say: Takes a line for the user.

        Raises:
            InputError: There are no data to evaluate on, or they are not here.
        """
        from zooctl.evaluation.data.from_files import open_file_data
        from zooctl.evaluation.data.from_recipe import open_recipe_data

        split = self.split(regions)
        if self.data_assembly != self.assembly:
            say(f"{self.name} is a model of {self.assembly}; it is judged on {self.data_assembly}")
        if files:
            return open_file_data(
                self.tracks,
                files,
                assembly=self.data_assembly,
                split=split,
                recipe=self.recipe,
                fasta=fasta,
                sample=self.sample,
                say=say,
            )
        if self.recipe is None:
            raise InputError(
                "the model has no recipe that names data to judge it on",
                got=self.name,
                hint="--data ENTRY, or --against TRACK.bw or PEAKS.bed",
            )
        return open_recipe_data(
            self.tracks,
            self.recipe,
            other_tracks=self.other_tracks,
            split=split,
            fasta=fasta,
            sample=self.sample,
            say=say,
        )
