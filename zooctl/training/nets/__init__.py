"""The networks, one file a family, and ``build``, which makes one from the sizes in a recipe."""

from __future__ import annotations

from zooctl.catalog import networks as sizes
from zooctl.training.nets.bpnet import BPNet
from zooctl.training.nets.network import Network


def build(
    network: sizes.Network,
    *,
    input_length: int,
    output_length: int,
    bin_size: int,
    n_tracks: int,
    n_controls: int = 0,
) -> Network:
    """Make the network that a recipe describes, with start values from torch's generator.

    Args:
        network: The recipe's network: its key and sizes.
        input_length: Bases read.
        output_length: Bases predicted, centred in the input.
        bin_size: Bases a predicted value covers.
        n_tracks: Tracks predicted.
        n_controls: Tracks of the second input.

    Raises:
        InputError: The lengths or inputs do not fit the network.
    """
    return BPNet(
        **network.model_dump(exclude={"key"}),
        input_length=input_length,
        output_length=output_length,
        bin_size=bin_size,
        n_tracks=n_tracks,
        n_controls=n_controls,
    )
