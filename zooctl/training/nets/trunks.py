"""Networks of one value a bin, by their sizes; siamese and multi-head networks build on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zooctl.errors import InputError
from zooctl.schema.fields import Values
from zooctl.schema.recipe.networks import profile
from zooctl.schema.recipe.networks.network import ProfileSizes
from zooctl.training.nets.basenji import Basenji
from zooctl.training.nets.bpnet import BPNet
from zooctl.training.nets.cnn_baseline import CnnBaseline
from zooctl.training.nets.parts.network import Profile
from zooctl.training.nets.parts.window import NetWindow
from zooctl.training.nets.residualbind import ResidualBind32, ResidualBindBase

TRUNKS: Mapping[type[Values], type[Profile]] = {
    profile.BPNetSizes: BPNet,
    profile.BasenjiSizes: Basenji,
    profile.CnnBaselineSizes: CnnBaseline,
    profile.ResidualBind32Sizes: ResidualBind32,
    profile.ResidualBindBaseSizes: ResidualBindBase,
}


def build_trunk(sizes: ProfileSizes, channels: int, window: NetWindow) -> Profile:
    """Return a network whose tracks are the hidden channels of another.

    Raises:
        InputError: The lengths do not fit it.
    """
    return TRUNKS[type(sizes)](sizes, replace(window, n_tracks=channels))


def check_tracks(n_tracks: int, window: NetWindow) -> None:
    """Refuse a network whose sizes fix its tracks, where the recipe has other ones.

    Raises:
        InputError: They are more or fewer.
    """
    if n_tracks != window.n_tracks:
        raise InputError(
            "network's tracks are not those of the recipe",
            field="network",
            got=n_tracks,
            expected=window.n_tracks,
        )
