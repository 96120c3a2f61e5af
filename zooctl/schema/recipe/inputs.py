"""Inputs of a network beside the sequence: signals per base, values of a sample.

A sample is a cell type, donor or condition: the same tracks, measured again, with their own
accessibility or expression. One network learns from all samples, told apart by these inputs.
"""

from __future__ import annotations

from pydantic import Field

from zooctl.schema.fields import Items, Name, Text, TrackName, Values
from zooctl.schema.recipe.signals import AnySignal, SignalField, Transform, sources_of


class Input(Values):
    """A signal that the network reads at each base of its window, such as accessibility.

    The transform acts on bases. Predicting needs the signal too: it is an input of the graph.
    """

    name: TrackName
    signal: SignalField


class Features(Values):
    """Values of a sample that the network reads from a table, such as expression of genes.

    The table is tab-separated, plain or gzipped: a header with the samples' names, and a line
    a value, which begins with its name.

    Attributes:
        source: The table.
        names: Lines to read, in this order.
        transform: Of the values.
    """

    source: Name
    names: tuple[Text, ...] = Field(min_length=1, strict=False)
    transform: Transform = "none"


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
    places = {field: sample.sources.get(name, name) for field, name in sources_of(signal).items()}
    return signal.model_copy(update=places)
