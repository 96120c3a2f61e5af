"""Networks built by keyword: the lengths of the window and the sizes side by side."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar, get_args

from zooctl.schema.fields import Values
from zooctl.training.nets import NETWORKS
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.parts.window import NetWindow

Made = TypeVar("Made", bound=Network)

SIZES = {network: sizes for sizes, network in NETWORKS.items()}
LENGTHS = {field.name for field in fields(NetWindow)}


def key_of(sizes: type[Values]) -> str:
    """The name of a network in recipes."""
    return str(get_args(sizes.model_fields["key"].annotation)[0])


def make(network: type[Made], **values: Any) -> Made:
    """Build a network; the output is the whole input where its length is not given."""
    lengths = {name: values.pop(name) for name in LENGTHS & values.keys()}
    sizes = SIZES[network]
    window = NetWindow(**{"output_length": lengths["input_length"], **lengths})
    built = network(sizes(key=key_of(sizes), **values), window)
    return built
