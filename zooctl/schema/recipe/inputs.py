"""Inputs of a network beside the sequence: signals per base, values of a sample.

A sample is a cell type, donor or condition: the same tracks, measured again, with their own
accessibility or expression. One network learns from all samples, told apart by these inputs.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from zooctl.schema.fields import Items, Name, Text, TrackName, Values
from zooctl.schema.recipe.signals import (
    AnySignal,
    Background,
    SignalField,
    Transform,
    sources_of,
)


class Input(Values):
    """A signal that the network reads at each base of its window, such as accessibility.

    The transform acts on bases. Predicting needs the signal too: it is an input of the graph,
    unless it is a table of k-mers, which the graph holds.

    Attributes:
        standardise: Shift and scale to zero mean and unit variance. Both numbers are those of the
            training regions, and weights of the entry.
    """

    name: TrackName
    signal: SignalField
    standardise: bool = False


class Features(Values):
    """Values of a sample that the network reads from a table, such as expression of genes.

    The table is tab-separated, plain or gzipped: a header with the samples' names, and a line
    a value, which begins with its name.

    Attributes:
        source: The table.
        names: Lines to read, in this order.
        transform: Of the values.
        standardise: Shift and scale each value to zero mean and unit variance over the samples
            of training; both numbers are weights of the entry.
    """

    source: Name
    names: tuple[Text, ...] = Field(min_length=1, strict=False)
    transform: Transform = "none"
    standardise: bool = False


class Sample(Values):
    """One of several samples; an epoch reads each window in one of them, drawn by the seed.

    Validation reads all windows in all samples.

    Attributes:
        name: As in the table of features.
        sources: Source of a target, control or input to the source that replaces it in this
            sample; the others stay.
        features: Values that the network reads, if no table has them.
    """

    name: TrackName
    sources: dict[Name, Name] = Field(default_factory=dict)
    features: Items[float] = ()


def in_sample(signal: AnySignal, sample: Sample) -> AnySignal:
    """Return a signal with its sources in a sample."""
    if isinstance(signal, Background):
        sources = tuple(sample.sources.get(name, name) for name in signal.sources)
        return signal.model_copy(update={"sources": sources})
    places = {field: sample.sources.get(name, name) for field, name in sources_of(signal).items()}
    return signal.model_copy(update=places)


def measured_inputs(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Return the inputs that are measured along the genome, and not computed from its bases."""
    return tuple(one for one in inputs if one.signal.key != "kmer_values")
