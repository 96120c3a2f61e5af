"""The recipe of a training: values, and choices among this program's built-in parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from zooctl.schema.card import UnknownBase
from zooctl.schema.fields import (
    Items,
    Name,
    Problem,
    Split,
    StrandPairs,
    Text,
    Values,
    no_such,
    repeated,
    unknown_problems,
)
from zooctl.schema.recipe.agreement import input_problems
from zooctl.schema.recipe.bounds import Count
from zooctl.schema.recipe.evaluation import FeatureModels, Rules
from zooctl.schema.recipe.inputs import Features, Input, Sample
from zooctl.schema.recipe.losses import Loss
from zooctl.schema.recipe.networks.network import NetworkSizes
from zooctl.schema.recipe.optimisers import Optimiser
from zooctl.schema.recipe.signals import AnySignal, Control, Normalisation, Target, sources_of
from zooctl.schema.recipe.sources import GenomeChoice, Source, Window, assembly_problems
from zooctl.schema.recipe.training import (
    Augmentation,
    InitFromField,
    LoggerName,
    MotifFilters,
    Precision,
    Schedule,
    WeightPattern,
)
from zooctl.schema.recipe.windows import Exclusion, Fold, ValidationWindows, WindowChoice
from zooctl.schema.strict_yaml import load, parse


class Recipe(Values):
    """A recipe; the meaning of each field is in ``zooctl schema recipe``."""

    name: Name = Field(description="Stem of this file, of the card, and folder in zoo/.")
    sources: Annotated[Items[Source], Field(min_length=1)] = Field(description="Every data file.")
    genome: GenomeChoice
    split: Split
    fold: Fold | None = Field(default=None, description="The split as one of several folds.")
    window: Window
    unknown_base: UnknownBase = Field(description="One-hot value of N and other IUPAC codes.")
    targets: Annotated[Items[Target], Field(min_length=1)] = Field(
        description="One a track, in the card's order."
    )
    normalisation: Normalisation | None = Field(
        default=None, description="Targets of unequal depth brought to one scale."
    )
    controls: Items[Control] = Field(default=(), description="Second inputs, in training alone.")
    inputs: Items[Input] = Field(
        default=(), description="Signals per base that the network reads beside the sequence."
    )
    features: Features | None = Field(
        default=None, description="Values of the samples that the network reads from a table."
    )
    samples: Items[Sample] = Field(
        default=(), description="Cell types or donors that one network is trained on."
    )
    strand_pairs: StrandPairs = Field(
        default=(),
        description="Targets, controls or inputs of the two strands, which change places where a "
        "window is reverse-complemented.",
    )
    windows: WindowChoice = Field(description="Choice of training windows.")
    validation_windows: ValidationWindows | None = Field(
        default=None, description="Choice of validation windows; left out for all, side by side."
    )
    exclude: Exclusion = Exclusion()
    network: NetworkSizes = Field(description="The network and its sizes.")
    loss: Loss = Field(description="The loss that training minimises.")
    augmentation: Augmentation = Augmentation()
    init_from: InitFromField | None = Field(
        default=None, description="Trained weights as initial ones."
    )
    motif_filters: MotifFilters | None = Field(
        default=None, description="Filters of the first convolution that begin as known motifs."
    )
    frozen: Items[WeightPattern] = Field(
        default=(), description="Weights or layers that are not trained; * and ? match."
    )
    optimiser: Optimiser
    schedule: Schedule
    batch_size: Count = Field(description="Windows to a step.")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        description="Of initial weights, drawn windows, augmentation and dropout."
    )
    ensemble: Items[Annotated[int, Field(ge=0, lt=2**63)]] = Field(
        default=(),
        description="Seeds of further networks that are trained alike; the mean of all predicts.",
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(
        description="CPU threads of training; another number may change the bits."
    )
    portable: bool = Field(
        default=False,
        description="Train with instructions that all x86-64 processors with AVX2 share: slower "
        "on newer ones, and the same bits on each.",
    )
    precision: Precision = Field(default="32-true", description="Of the arithmetic in layers.")
    loggers: Items[LoggerName] = Field(
        default=(), description="Destinations of metrics besides CSV."
    )
    evaluation: Rules = Field(default=Rules(), description="Rules of evaluation.")
    feature_models: FeatureModels | None = Field(
        default=None, description="Learners on hand-made features, as baselines of evaluation."
    )
    unknown: dict[str, Text] = Field(
        default_factory=dict,
        description="Reasons for null fields: dotted path (with * for any index) to reason.",
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
        yield from self._strand_problems()
        if self.portable and self.precision != "32-true":
            what = "portable bits are of full precision"
            yield Problem("precision", what, self.precision, "32-true")
        yield from self._window_problems()
        yield from input_problems(self)
        if self._output not in self.loss.outputs:
            what = "loss does not fit the network's output"
            yield Problem("loss.key", what, self._output, " or ".join(sorted(self.loss.outputs)))

    def _strand_problems(self) -> Iterator[Problem]:
        groups = (
            [target.track for target in self.targets],
            [control.name for control in self.controls],
            [one.name for one in self.inputs],
        )
        names = [name for group in groups for name in group]
        for index, pair in enumerate(self.strand_pairs):
            for name in set(pair) - set(names):
                yield no_such("track", f"strand_pairs.{index}", name, names)
            if set(pair) <= set(names) and not any(set(pair) <= set(group) for group in groups):
                what = "a pair is of two targets, two controls or two inputs"
                yield Problem(f"strand_pairs.{index}", what, ", ".join(pair))
        for name in repeated([name for pair in self.strand_pairs for name in pair]):
            yield Problem("strand_pairs", "a track is paired twice", name)

    def _window_problems(self) -> Iterator[Problem]:
        if self.windows.max_control is not None and not self.controls:
            yield Problem("windows.max_control", "recipe has no control to limit")
        transforms = sorted({target.signal.transform for target in self.targets})
        if len(transforms) > 1:
            yield Problem("targets", "targets differ in their transform", ", ".join(transforms))
        if self.windows.key == "fixed_bins":
            for index, target in enumerate(self.targets):
                if target.signal.key not in ("peaks", "background"):
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
                yield no_such("source", field, name, ids)
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
        for index, one in enumerate(self.inputs):
            yield f"inputs.{index}.signal", one.signal
        for index, other in enumerate(self.evaluation.others):
            yield f"evaluation.others.{index}.signal", other.signal

    def all_samples(self) -> Iterator[tuple[str, Sample]]:
        """Yield field and sample of those of training, and of the one that evaluation is in."""
        for index, sample in enumerate(self.samples):
            yield f"samples.{index}", sample
        if self.evaluation.unseen is not None:
            yield "evaluation.unseen", self.evaluation.unseen

    def _bigwigs(self) -> Iterator[tuple[str, str]]:
        for field, signal in self.signals():
            if signal.key == "bigwig":
                yield f"{field}.source", signal.source
                for place, sample in self.all_samples():
                    if signal.source in sample.sources:
                        yield f"{place}.sources.{signal.source}", sample.sources[signal.source]
        if self.exclude.mappability is not None:
            yield "exclude.mappability.source", self.exclude.mappability.source
        if self.feature_models is not None and self.feature_models.accessibility is not None:
            yield "feature_models.accessibility", self.feature_models.accessibility

    def _used_sources(self) -> Iterator[tuple[str, str]]:
        """Yield field and source id of every mention of a source."""
        for field, signal in self.signals():
            for name, source in sources_of(signal).items():
                yield f"{field}.{name}", source
        for place, sample in self.all_samples():
            for name, source in sample.sources.items():
                yield f"{place}.sources.{name}", source
        if self.features is not None:
            yield "features.source", self.features.source
        if self.windows.key == "variants":
            yield "windows.source", self.windows.source
        if self.feature_models is not None and self.feature_models.accessibility is not None:
            yield "feature_models.accessibility", self.feature_models.accessibility
        if self.motif_filters is not None:
            yield "motif_filters.source", self.motif_filters.source
        if self.windows.key in ("peak_centred", "accessible_regions"):
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
        """Unit of the predictions: labels are learned as probabilities."""
        return "probability" if self._output in ("logit", "class") else "signal"

    @property
    def _output(self) -> str:
        """Meaning of the network's tracks."""
        return self.network.output

    def source(self, name: str) -> Source:
        """Return the source with an id that the recipe uses."""
        return next(source for source in self.sources if source.id == name)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        InputError: The file is no recipe (ManyErrors for several faults).
    """
    return parse(Recipe, load(path))
