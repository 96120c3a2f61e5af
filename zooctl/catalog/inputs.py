"""What a network reads beside the sequence: signals per base, values of a sample, a second allele.

A sample is a cell type, donor or condition: the same tracks, measured again, with accessibility
or expression of its own. One network learns from all, and tells them apart by these inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from zooctl.catalog.fields import Items, Name, Problem, Text, TrackName, Values, repeated
from zooctl.catalog.signals import AnySignal, PeakLabels, Signal, Transform, sources_of

if TYPE_CHECKING:
    from zooctl.catalog.recipe import Recipe


class Input(Values):
    """A signal that the network reads at each base of its window, as accessibility.

    The transform acts on bases. Predicting needs the signal too: it is an input of the graph.
    """

    name: TrackName
    signal: Signal


class Features(Values):
    """Values of a sample that the network reads, out of a table: expression of genes.

    The table is tab-separated, plain or gzipped: a header that names the samples, and a line for
    each value that begins with its name.

    Attributes:
        source: The table.
        names: Which lines are read, in this order.
        transform: Of the values.
    """

    source: Name
    names: tuple[Text, ...] = Field(min_length=1, strict=False)
    transform: Transform = "none"


class Sample(Values):
    """One of several samples; an epoch reads each window in one of them, drawn by the seed.

    Validation reads all windows in all samples.

    Attributes:
        name: As the table of features has it.
        sources: What takes the place of the sources of targets, controls and inputs; those that
            are not named stay.
        features: Values that the network reads, where no table has them.
    """

    name: TrackName
    sources: dict[Name, Name] = Field(default_factory=dict)
    features: Items[float] = ()


def in_sample(signal: AnySignal, sample: Sample) -> AnySignal:
    """Return a signal with the sources that it has in a sample."""
    places = {field: sample.sources.get(name, name) for field, name in sources_of(signal).items()}
    return signal.model_copy(update=places)


def input_problems(recipe: Recipe) -> Iterator[Problem]:
    """Yield where a network is given what it does not read, or not given what it does."""
    network, key = recipe.network, recipe.network.key
    reads_bases = getattr(network, "reads_bases", False)
    if recipe.inputs and not reads_bases:
        yield Problem("inputs", f"network {key} reads no signals per base", str(len(recipe.inputs)))
    if recipe.controls and reads_bases:
        what = f"network {key} reads signals per base, and controls are binned"
        yield Problem("controls", what, str(len(recipe.controls)), "inputs")
    for name in repeated([found.name for found in recipe.inputs]):
        yield Problem("inputs", "two inputs have one name", name)
    for index, found in enumerate(recipe.inputs):
        if isinstance(found.signal, PeakLabels) and found.signal.ambiguous is not None:
            what = "an input is known at every base"
            yield Problem(f"inputs.{index}.signal.ambiguous", what, found.signal.ambiguous)
    yield from _sample_problems(recipe)
    yield from _variant_problems(recipe)


def _sample_problems(recipe: Recipe) -> Iterator[Problem]:
    for name in repeated([sample.name for sample in recipe.samples]):
        yield Problem("samples", "two samples have one name", name)
    used = {name for _, signal in recipe.signals() for name in sources_of(signal).values()}
    wanted = getattr(recipe.network, "n_features", 0)
    given = 0 if recipe.features is None else len(recipe.features.names)
    if recipe.features is not None and not recipe.samples:
        yield Problem("samples", "no sample has the features of the table", "[]")
    for index, sample in enumerate(recipe.samples):
        for name in sorted(set(sample.sources) - used):
            what = "no target, control or input reads this source"
            yield Problem(f"samples.{index}.sources", what, name, ", ".join(sorted(used)))
        if recipe.features is not None and sample.features:
            what = "features are in the table and here"
            yield Problem(f"samples.{index}.features", what, str(list(sample.features)))
        elif recipe.features is None and len(sample.features) != wanted:
            what = "sample has other features than the network reads"
            got = str(len(sample.features))
            yield Problem(f"samples.{index}.features", what, got, f"{wanted}, as n_features says")
    if recipe.features is not None and given != wanted:
        what = "table gives other features than the network reads"
        yield Problem("features.names", what, str(given), f"{wanted}, as n_features says")
    if wanted and not recipe.samples:
        what = "network reads values of a sample, and there is no sample"
        yield Problem("network.n_features", what, str(wanted), "samples with features, or 0")


def _variant_problems(recipe: Recipe) -> Iterator[Problem]:
    """Yield where effects of variants, their windows and the twin do not come together."""
    variants = recipe.windows.key == "variants"
    if variants != (recipe.network.key == "siamese"):
        what = "windows of variants are for the twin that reads two alleles, and it for them"
        yield Problem("windows.key", what, recipe.windows.key, "variants with network siamese")
    for index, target in enumerate(recipe.targets):
        here = f"targets.{index}.signal"
        if (target.signal.key == "variant_effect") != variants:
            expected = "variant_effect" if variants else "a signal along the genome"
            what = "does not go with the windows"
            yield Problem(f"{here}.key", what, target.signal.key, expected)
        elif recipe.windows.key == "variants" and target.signal.source != recipe.windows.source:
            what = "effects are in another table than the variants"
            yield Problem(f"{here}.source", what, target.signal.source, recipe.windows.source)
    for field, signal in recipe.signals():
        if not field.startswith("targets") and signal.key == "variant_effect":
            what = "effects of variants are no signal along the genome"
            yield Problem(f"{field}.key", what, signal.key)
    if not variants:
        return
    if recipe.window.output_length != recipe.window.bin_size:
        what = "an effect is one bin to a window"
        expected = f"{recipe.window.bin_size}, the bin_size"
        yield Problem("window.output_length", what, str(recipe.window.output_length), expected)
    if recipe.augmentation.flanking:
        what = "a variant has no neighbours"
        yield Problem("augmentation.flanking", what, str(recipe.augmentation.flanking), "0")
    if recipe.samples:
        yield Problem("samples", "effects of variants are of one sample", str(len(recipe.samples)))
