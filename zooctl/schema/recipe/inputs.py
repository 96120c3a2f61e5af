"""What a network reads beside the sequence: signals per base, values of a sample, a second allele.

A sample is a cell type, donor or condition: the same tracks, measured again, with accessibility
or expression of its own. One network learns from all, and tells them apart by these inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from zooctl.schema.fields import Items, Name, Text, TrackName, Values
from zooctl.schema.recipe.signals import AnySignal, Signal, Transform, sources_of

if TYPE_CHECKING:
    pass


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
