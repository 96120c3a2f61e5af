"""A study: a claim of a paper, the models that test it, and the figure to compare them by."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from zooctl.schema.fields import (
    FilePath,
    Items,
    Line,
    Name,
    Problem,
    Sha256,
    Text,
    TrackName,
    Values,
    no_such,
    repeated,
)
from zooctl.schema.recipe.bounds import Count
from zooctl.schema.recipe.overrides import parse_changed
from zooctl.schema.strict_yaml import Document

# A field, a place in a list, ``*`` for each of a list, or the item of a list with these values.
Step = str | int | dict[str, str | int | float]
FigurePath = Annotated[tuple[Step, ...], Field(strict=False, min_length=1)]


class Paper(Values):
    """Source of a claim.

    Attributes:
        citation: With its DOI.
        place: Figure, table or section.
        number: Number that it states.
    """

    citation: Line
    place: Line
    number: Line


class PinnedFile(Values):
    """A file of the data mirror.

    Attributes:
        file: Its path.
        sha256: Of its bytes.
        size: In bytes.
    """

    file: FilePath
    sha256: Sha256
    size: Count


class RecipeSource(Values):
    """A source of another recipe."""

    recipe: Name
    source: Name


class Evaluation(Values):
    """Figures of `zooctl evaluate`.

    Attributes:
        regions: In place of the held-out ones.
        against: Measurement in place of the recipe's data.
        resolutions: Bin sizes in bp.
        thresholds: Signals that profiles of the test sets reach.
        shifts: Windows to a peak for the variation score; 0 for none.
        bootstrap: Draws for the intervals.
    """

    key: Literal["evaluate"]
    regions: Items[Line] = ()
    against: RecipeSource | None = None
    resolutions: Items[Count] = ()
    thresholds: Items[float] | None = None
    shifts: Annotated[int, Field(ge=0, le=1000)] = 0
    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = 1000


class VariantEvaluation(Values):
    """Figures of `zooctl evaluate-variants`.

    Attributes:
        table: Measured effects.
        constructs: Whether elements are read alone.
        track: Of the model; left out for the mean of the scores of all its tracks.
        shifts: Windows to average over.
        max_shift: Largest shift in bp.
    """

    key: Literal["evaluate_variants"]
    table: PinnedFile
    constructs: bool = False
    track: TrackName | None = None
    shifts: Annotated[int, Field(ge=2, le=1000)] = 20
    max_shift: Count | None = None


class PatternEffect(Values):
    """Figures of `zooctl marginalise`.

    Attributes:
        pattern: IUPAC letters.
        second: Second pattern; left out for none.
        distance: From the first base of the one to the first base of the other, in bp.
        n: Backgrounds.
    """

    key: Literal["marginalise"]
    pattern: Line
    second: Line | None = None
    distance: int = 50
    n: Annotated[int, Field(ge=10, le=100_000)] = 1000


class FilterMotifs(Values):
    """Figures of `zooctl filters`, of an entry or of a network that the study trains.

    Attributes:
        motifs: Collection that the filters are compared with.
        n: Windows at random places of the test split.
    """

    key: Literal["filters"]
    motifs: Line
    n: Annotated[int, Field(ge=10, le=100_000)] = 2000


Measure = Evaluation | VariantEvaluation | PatternEffect | FilterMotifs


class Training(Values):
    """Networks that a study trains.

    Attributes:
        recipe: Recipe of the zoo, or a file.
        changes: Values replaced in all arms, each ``field=value``.
        seeds: Each arm is trained once a seed.
    """

    recipe: Line
    changes: Items[Text] = ()
    seeds: Annotated[Items[Annotated[int, Field(ge=0, le=2**63 - 1)]], Field(min_length=1)]

    def problems(self) -> Iterator[Problem]:
        for seed in repeated([str(seed) for seed in self.seeds]):
            yield Problem("seeds", "seed is named twice", seed)


class Arm(Values):
    """One side of a comparison.

    Attributes:
        name: In tables.
        changes: Values replaced, each ``field=value``: in the recipe of an arm that is trained,
            else in the study's measure.
        recipe: In place of the study's.
        model: Of the zoo, in place of the study's.
        figure: In place of the study's.
        value: Fixed figure, such as 0, in place of a measured one.
    """

    name: Line
    changes: Items[Text] = ()
    recipe: Line | None = None
    model: Name | None = None
    figure: FigurePath | None = None
    value: float | None = None


class Study(Values):
    """A claim and its test.

    Attributes:
        name: Stem of the file.
        title: In lists.
        claim: A sentence that the figures agree with or not.
        paper: Source of the claim.
        scale: Data and training that the study uses, and how they fall short of the paper's.
        model: Model of the zoo that is measured; left out where networks are trained.
        training: Networks that are trained, each arm by its changes.
        measure: Report that is made of each model.
        metric: Name of the figure, with its unit.
        replicates: Plural of what the figure is measured on more than once.
        figure: Place of the figure in the report.
        arms: Sides of the comparison.
        order: Arms from the highest figure to the lowest, as the claim has it; neighbours are
            compared.
    """

    name: Name
    title: Line
    claim: Text
    paper: Paper
    scale: Text
    model: Name | None = None
    training: Training | None = None
    measure: Annotated[Measure, Field(discriminator="key")]
    metric: Line
    replicates: Line = "seeds"
    figure: FigurePath | None = None
    arms: Annotated[Items[Arm], Field(min_length=2)]
    order: Annotated[
        Items[Annotated[Items[Line], Field(min_length=2)]], Field(min_length=1, strict=False)
    ]

    def problems(self) -> Iterator[Problem]:
        names = [arm.name for arm in self.arms]
        for name in repeated(names):
            yield Problem("arms", "two arms have one name", name)
        for index, chain in enumerate(self.order):
            for name in chain:
                if name not in names:
                    yield no_such("arm", f"order.{index}", name, names)
        for index, arm in enumerate(self.arms):
            if arm.value is not None:
                continue
            if self.figure is None and arm.figure is None:
                yield Problem(f"arms.{index}.figure", "neither the arm nor the study has a figure")
            if self.training is not None:
                if arm.model is not None:
                    yield Problem(f"arms.{index}.model", "the arm is trained", arm.model)
            elif self.model is None and arm.model is None:
                yield Problem(f"arms.{index}.model", "neither a model nor a training")
            elif arm.recipe:
                yield Problem(f"arms.{index}", "nothing is trained", None, "a field training")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Arms that are compared, the one with the higher figure first."""
        return [pair for chain in self.order for pair in pairwise(chain)]

    def measure_of(self, arm: Arm) -> Measure:
        """Return the measure of an arm that is not trained: the study's, with its changes.

        Raises:
            InputError: A change does not fit the measure.
        """
        document = Document(Path(self.name), self.measure.model_dump(mode="json"), {})
        kind: type[Any] = type(self.measure)
        found: Measure = parse_changed(kind, document, arm.changes, arm.name)[0]
        return found
