"""Rows of a report: criteria, data, environment, predictions, stages, figures, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, SerializerFunctionWrapHandler, model_serializer

from zooctl.reproduction.report.equivalence import Equivalence, class_of
from zooctl.reproduction.report.levels import CriterionId, Status
from zooctl.schema.fields import Digest, Items, Problem, Revision, Values

Engine = Literal["onnxruntime", "torch"]


Seconds = Annotated[float, Field(ge=0, le=1e9)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
NonEmpty = Annotated[str, Field(min_length=1)]
Correlation = Annotated[float, Field(ge=-1.000_001, le=1.000_001)]
NonNegative = Annotated[float, Field(ge=0)]


class Criterion(Values):
    """One demand of Heil et al. 2021 (doi:10.1038/s41592-021-01256-7), and the evidence for it."""

    id: CriterionId
    status: Status
    evidence: NonEmpty


class DataFile(Values):
    """A source of the recipe, or a contig of its genome: pinned digest and finding.

    Attributes:
        id: As the recipe names it.
        expected: Digest that is pinned.
        status: ``ok`` where the pinned bytes are here.
        origin: How they came to be here.
        note: Where they are published, or the reason that they are not right.
        archive: Answer of its archive in this run, or the reason that it was not asked; None for a
            source of no archive that can be asked.
    """

    id: str
    expected: str | None
    status: Literal["ok", "changed", "missing"]
    origin: str | None
    note: str | None = None
    archive: str | None = None


class EnvironmentPart(Values):
    """Software or hardware: digest recorded beside the weights, and digest here."""

    recorded: Digest | None
    found: Digest
    match: bool | None
    differences: Items[tuple[str, str, str]] = ()

    def problems(self) -> Iterator[Problem]:
        """Yield a match that does not follow from the digests."""
        match = None if self.recorded is None else self.recorded == self.found
        if self.match is not match:
            what = "does not follow from the digests"
            yield Problem("match", what, str(self.match), str(match))


class Predictions(Values):
    """The probe, predicted now and compared with the reference predictions.

    Differences are None where a prediction is not finite, or of another shape.

    Attributes:
        engine: Program that predicted.
        n: Windows.
        equivalence: Follows from the rest.
        same_bits: True for the very bytes.
        max_abs: Largest difference.
        max_rel: Largest difference relative to the reference.
        tolerances: Largest difference in tolerances (``equivalence.Distance``).
        pearson: Lowest correlation of any track.
        scores: Largest difference of scores of variants, in typical scores of their track; None
            where the probe has no pairs of alleles.
    """

    engine: Engine
    n: Count
    equivalence: Equivalence
    same_bits: bool
    max_abs: NonNegative | None
    max_rel: NonNegative | None
    tolerances: NonNegative | None
    pearson: float
    scores: NonNegative | None = None

    @model_serializer(mode="wrap")
    def _without_absent_scores(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave scores out where there are none, as reports did before probes had pairs."""
        found: dict[str, Any] = written(self)
        if self.scores is None:
            del found["scores"]
        return found

    def problems(self) -> Iterator[Problem]:
        """Yield a class that does not follow from the numbers."""
        right = class_of(
            self.tolerances,
            same_bits=self.same_bits,
            pearson=self.pearson,
            scores=self.scores,
        )
        if self.equivalence != right or (self.tolerances == 0 and self.max_rel != 0):
            what = "another class than its numbers have"
            yield Problem("equivalence", what, self.equivalence, right)


class StageRecord(Values):
    """A step that takes long: digests in and out, and its time."""

    name: str
    inputs: dict[str, Digest]
    outputs: dict[str, Digest]
    seconds: Seconds
    resumed: bool


class FirstSteps(Values):
    """The first steps of training in fresh processes: digests of the weights afterwards.

    Attributes:
        n: How many steps.
        once: In one process.
        again: In another, with another hash seed, locale, time zone and folder.
        killed: Killed half-way and resumed.
    """

    n: Annotated[int, Field(ge=1)]
    once: Digest
    again: Digest
    killed: Digest


class Figure(Values):
    """One number of the card, and the same from weights trained now.

    It has no class where the card has no spread over seeds to judge a retrained network by.
    """

    field: str
    name: str
    card: float
    got: float | None
    equivalence: Equivalence | None


class Picture(Values):
    """One picture of the card, drawn again from weights trained now.

    Attributes:
        file: The picture.
        n: Published numbers behind it.
        equivalence: Class of the numbers; None where none are published, or where they differ and
            are of other weights.
        max_abs: Largest difference; None where they cannot be compared.
        tolerances: Largest difference in tolerances (``equivalence.Distance``).
        same_file: True where the picture itself has the same bytes.
    """

    file: str
    n: Count
    equivalence: Equivalence | None
    max_abs: NonNegative | None
    tolerances: NonNegative | None
    same_file: bool


class Commit(Values):
    """The commit that the zoo was at; no revision where there is none or it cannot be told.

    Attributes:
        revision: 40 hex digits.
        changed: Files of that commit that were changed.
    """

    revision: Revision | None
    changed: Items[str] = ()

    def __str__(self) -> str:
        """Return it in words.

        >>> str(Commit(revision=None))
        'not at a commit'
        >>> str(Commit(revision="ab" * 20, changed=("recipes/a.yaml",)))
        'not at a commit: abababababab with 1 file changed'
        """
        if self.revision is None:
            return "not at a commit"
        n, short = len(self.changed), self.revision[:12]
        if n:
            return f"not at a commit: {short} with {n} file{'s' * (n > 1)} changed"
        return f"at commit {self.revision}"


class WeightDigests(Values):
    """Digests of the tensors of the entry, and of those trained now."""

    entry: Digest | None
    trained: Digest | None


class Machine(Values):
    """The machine of a run, for people; no part of any digest.

    Attributes:
        system: Kind of system, C library and Python.
        os_release: Name and version of the operating system.
        processor: Its model.
        processors: How many.
        memory_bytes: Of the machine.
        cpu_seconds: Of this process and its children.
        peak_memory_bytes: Of the largest of them.
        disk_bytes: Of the work folder; 0 where there was none.
    """

    system: NonEmpty
    os_release: NonEmpty
    processor: NonEmpty
    processors: PositiveInt
    memory_bytes: PositiveInt
    cpu_seconds: Positive
    peak_memory_bytes: PositiveInt
    disk_bytes: Annotated[int, Field(ge=0)]


class RunDetails(Machine):
    """Details of a full run, all of which criterion S2 demands.

    Attributes:
        seconds: Wall clock.
        steps: In their order.
    """

    disk_bytes: PositiveInt
    seconds: Positive
    steps: Annotated[Items[NonEmpty], Field(min_length=1)]


class ReportFault(Values):
    """A claim that does not hold, its criterion where it has one, and the exit code of its kind."""

    criterion: CriterionId | None
    text: NonEmpty
    exit_code: Literal[3, 5]
