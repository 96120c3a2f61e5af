"""The recipe: how weights were made; values only, chosen among what this program has built in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from zooctl.catalog.card import UnknownBase
from zooctl.catalog.fields import (
    FilePath,
    Items,
    Licence,
    Md5,
    Name,
    Problem,
    Sha256,
    Split,
    Text,
    TrackName,
    Url,
    Values,
    geometry_problems,
    repeated,
    unknown_problems,
)
from zooctl.catalog.inputs import Features, Input, Sample, input_problems
from zooctl.catalog.losses import Loss
from zooctl.catalog.networks import Count, Network
from zooctl.catalog.rules import Rules
from zooctl.catalog.selection import Exclusion, WindowChoice
from zooctl.catalog.signals import AnySignal, Control, Target, sources_of
from zooctl.catalog.strict_yaml import load, parse
from zooctl.catalog.training_values import (
    Adam,
    Augmentation,
    InitFromField,
    LoggerName,
    Precision,
    Schedule,
    WeightPattern,
)
from zooctl.sequence.windows import Geometry


class Source(Values):
    """One data file, pinned by its bytes.

    Attributes:
        id: How the rest of the recipe names it.
        file: Path below ``recipes/data`` or a mirror; its last part is the name looked up there.
        accession: Of the archive it came from.
        url: Where it is published.
        mirrors: Where else the same bytes are.
        sha256: Of the file; what is downloaded or found has this digest or is not used.
        size: Bytes.
        md5: As the archive publishes it, where it does.
        assembly: Of its coordinates.
        assay: With target, biosample and output_type: as the archive describes the file, so that
            a re-used accession is noticed.
        lift: Source of the UCSC chain file that brings its intervals to the genome's assembly;
            for reads, fragments, peaks and regions of another one.
    """

    id: Name
    file: FilePath
    accession: Text | None
    url: Url | None
    mirrors: Items[Url] = ()
    sha256: Sha256 | None
    size: Annotated[int, Field(ge=1)] | None
    md5: Md5 | None = None
    licence: Licence
    citation: Text
    assembly: TrackName
    assay: Text | None = None
    target: Text | None = None
    biosample: Text | None = None
    output_type: Text | None = None
    lift: Name | None = None


def assembly_problems(sources: tuple[Source, ...], assembly: str) -> Iterator[Problem]:
    """Yield the sources that lie neither on an assembly nor are lifted to it."""
    chains = {source.lift: source for source in sources if source.lift is not None}
    for index, source in enumerate(sources):
        field = f"sources.{index}.assembly"
        if source.id in chains:
            if source.assembly != (start := chains[source.id].assembly):
                what = "chain file does not begin at the assembly that it lifts"
                yield Problem(field, what, source.assembly, start)
            if source.lift is not None:
                yield Problem(f"sources.{index}.lift", "a chain file is not lifted", source.lift)
        elif source.lift is not None and source.assembly == assembly:
            yield Problem(f"sources.{index}.lift", "source lies on the genome's assembly already")
        elif source.lift is None and source.assembly != assembly:
            what = "source lies on another assembly than the genome"
            yield Problem(field, what, source.assembly, assembly)


class GenomeChoice(Values):
    """The genome that windows are cut from, found as ``zooctl genome`` finds it."""

    assembly: TrackName


class Window(Values):
    """Lengths in bp of a training example, as on the card."""

    input_length: Count
    output_length: Count
    bin_size: Count
    core_length: Count

    def problems(self) -> Iterator[Problem]:
        yield from geometry_problems(
            self.input_length, self.output_length, self.bin_size, self.core_length
        )

    @property
    def geometry(self) -> Geometry:
        """The same as integers that compute."""
        return Geometry(self.input_length, self.output_length, self.bin_size, self.core_length)


class Recipe(Values):
    """A recipe; the meaning of each field is in ``zooctl schema recipe``."""

    name: Name = Field(description="Stem of this file, of the card, and folder in zoo/.")
    sources: Annotated[Items[Source], Field(min_length=1)] = Field(description="Every data file.")
    genome: GenomeChoice
    split: Split
    window: Window
    unknown_base: UnknownBase = Field(description="One-hot value of N and other IUPAC codes.")
    targets: Annotated[Items[Target], Field(min_length=1)] = Field(
        description="One a track, in the card's order."
    )
    controls: Items[Control] = Field(default=(), description="Second inputs, in training alone.")
    inputs: Items[Input] = Field(
        default=(), description="Signals per base that the network reads beside the sequence."
    )
    features: Features | None = Field(
        default=None, description="Values of the samples that the network reads, out of a table."
    )
    samples: Items[Sample] = Field(
        default=(), description="Cell types or donors that one network is trained on."
    )
    windows: WindowChoice = Field(description="Which windows are trained on.")
    exclude: Exclusion = Exclusion()
    network: Network = Field(description="Which network, and its sizes.")
    loss: Loss = Field(description="What is minimised.")
    augmentation: Augmentation = Augmentation()
    init_from: InitFromField | None = Field(default=None, description="Weights to begin with.")
    frozen: Items[WeightPattern] = Field(
        default=(), description="Weights or layers that stay as they begin; * and ? match."
    )
    optimiser: Adam
    schedule: Schedule
    batch_size: Count = Field(description="Windows to a step.")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        description="Of initial weights, drawn windows, augmentation and dropout."
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(
        description="CPU threads of training; another number may give other bits."
    )
    portable: bool = Field(
        default=False,
        description="Train with instructions that all x86-64 processors with AVX2 share: slower "
        "on newer ones, and the same bits on each.",
    )
    precision: Precision = Field(default="32-true", description="Of the arithmetic in layers.")
    loggers: Items[LoggerName] = Field(default=(), description="Metrics go there besides CSV.")
    evaluation: Rules = Field(default=Rules(), description="How the model is judged.")
    unknown: dict[str, Text] = Field(
        default_factory=dict,
        description="Why a field is null: dotted path (with * for any index) to reason.",
    )

    def problems(self) -> Iterator[Problem]:
        yield from unknown_problems(self, self.unknown)
        if not self.split.train:
            expected = "at least one chromosome or range"
            yield Problem("split.train", "nothing to train on", "[]", expected)
        yield from self._source_problems()
        for name in repeated([target.track for target in self.targets]):
            yield Problem("targets", "two targets train one track", name)
        for name in repeated([control.name for control in self.controls]):
            yield Problem("controls", "two controls have one name", name)
        if self.portable and self.precision != "32-true":
            what = "portable bits are of full precision"
            yield Problem("precision", what, self.precision, "32-true")
        yield from self._window_problems()
        yield from input_problems(self)
        if self._output not in self.loss.outputs:
            what = "loss does not read what the network gives"
            yield Problem("loss.key", what, self._output, " or ".join(sorted(self.loss.outputs)))

    def _window_problems(self) -> Iterator[Problem]:
        if self.windows.max_control is not None and not self.controls:
            yield Problem("windows.max_control", "recipe has no control to limit")
        transforms = sorted({target.signal.transform for target in self.targets})
        if len(transforms) > 1:
            yield Problem("targets", "targets differ in their transform", ", ".join(transforms))
        if self.windows.key == "fixed_bins":
            for index, target in enumerate(self.targets):
                if target.signal.key != "peaks":
                    field = f"targets.{index}.signal.key"
                    yield Problem(field, "fixed bins need labels", target.signal.key, "peaks")
            if self.window.output_length != self.window.bin_size:
                yield Problem(
                    "window.output_length",
                    "fixed bins are one to a window",
                    str(self.window.output_length),
                    f"{self.window.bin_size}, the bin_size",
                )

    def _source_problems(self) -> Iterator[Problem]:
        ids = [source.id for source in self.sources]
        for name in repeated(ids):
            yield Problem("sources", "two sources have one id", name)
        used = dict(self._used_sources())
        for field, name in used.items():
            if name not in ids:
                yield Problem(field, "no such source", name, ", ".join(ids))
        for index, source in enumerate(self.sources):
            if source.id not in used.values():
                yield Problem(f"sources.{index}.id", "source is not used", source.id)
        yield from assembly_problems(self.sources, self.genome.assembly)
        lifted = {source.id for source in self.sources if source.lift is not None}
        for field, name in self._bigwigs():
            if name in lifted:
                yield Problem(field, "a bigWig cannot be lifted", name)

    def signals(self) -> Iterator[tuple[str, AnySignal]]:
        for index, target in enumerate(self.targets):
            yield f"targets.{index}.signal", target.signal
        for index, control in enumerate(self.controls):
            yield f"controls.{index}.signal", control.signal
        for index, found in enumerate(self.inputs):
            yield f"inputs.{index}.signal", found.signal
        for index, other in enumerate(self.evaluation.others):
            yield f"evaluation.others.{index}.signal", other.signal

    def _bigwigs(self) -> Iterator[tuple[str, str]]:
        for field, signal in self.signals():
            if signal.key == "bigwig":
                yield f"{field}.source", signal.source
                for index, sample in enumerate(self.samples):
                    if signal.source in sample.sources:
                        place = f"samples.{index}.sources.{signal.source}"
                        yield place, sample.sources[signal.source]
        if self.exclude.mappability is not None:
            yield "exclude.mappability.source", self.exclude.mappability.source

    def _used_sources(self) -> Iterator[tuple[str, str]]:
        """Yield field and source id wherever the recipe names a source."""
        for field, signal in self.signals():
            for name, source in sources_of(signal).items():
                yield f"{field}.{name}", source
        for index, sample in enumerate(self.samples):
            for name, source in sample.sources.items():
                yield f"samples.{index}.sources.{name}", source
        if self.features is not None:
            yield "features.source", self.features.source
        if self.windows.key == "variants":
            yield "windows.source", self.windows.source
        if self.windows.key == "peak_centred":
            for index, source in enumerate(self.windows.sources):
                yield f"windows.sources.{index}", source
        for index, source in enumerate(self.exclude.regions):
            yield f"exclude.regions.{index}", source
        if self.exclude.mappability is not None:
            yield "exclude.mappability.source", self.exclude.mappability.source
        for index, named in enumerate(self.sources):
            if named.lift is not None:
                yield f"sources.{index}.lift", named.lift

    @property
    def output_scale(self) -> Literal["signal", "probability"]:
        """What a trained network predicts: labels are learned as probabilities."""
        return "probability" if self._output in ("logit", "class") else "signal"

    @property
    def _output(self) -> str:
        """What the network gives out; one without the field gives rates, as most do."""
        output: str = getattr(self.network, "output", "rate")
        return output

    def source(self, name: str) -> Source:
        """Return the source with an id that the recipe uses."""
        return next(source for source in self.sources if source.id == name)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        InputError: The file is no recipe (ManyErrors where several things are wrong).
    """
    return parse(Recipe, load(path))
