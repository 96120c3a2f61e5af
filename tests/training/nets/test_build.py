"""From sizes in a recipe to networks: every key, its defaults, its limits."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from toy_nets import key_of

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.network import NetworkSizes
from zooctl.training.nets import NETWORKS, build
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.parts.window import NetWindow

torch.set_num_threads(1)

GATA = [[0, 0, 8, 0], [8, 0, 0, 0], [0, 0, 0, 8], [8, 0, 0, 0]]
TRUNK = {"key": "bpnet", "filters": 6, "dilated_layers": 2}
STAGES = [
    {"filters": 6, "kernel": 19, "residual_layers": 1, "pool": 8},
    {"filters": 4, "kernel": 7, "pool": 4},
]
# Small forms of every network: values of the recipe, and the bin at 256 bases.
SMALL = {
    "bpnet": ({"filters": 6, "dilated_layers": 2, "pool": 4}, 32),
    "bpnet_original": ({"filters": 6, "dilated_layers": 2}, 32),
    "basenji": ({"filters": 8, "last_filters": 6, "dilated_layers": 2}, 32),
    "cnn_baseline": ({"stages": STAGES, "hidden": 8, "profile_filters": 6, "heads": "task"}, 1),
    "residualbind_32": ({"stages": STAGES, "hidden": 6, "activation": "exp"}, 32),
    "residualbind_base": ({"stages": STAGES, "hidden": 8, "profile_filters": 6}, 16),
    "conv_binary": ({"stages": STAGES, "hidden": 8}, 256),
    "residual_binary": ({"stages": STAGES, "hidden": 8}, 256),
    "basset": ({"stages": STAGES, "hidden": 8}, 256),
    "deepsea": ({"filters": [6, 5], "dropouts": [0.2, 0.5], "hidden": 8}, 256),
    "danq": ({"filters": 6, "units": 4, "hidden": 8}, 256),
    "deepbind": ({"detectors": 4, "hidden": 6}, 256),
    "factornet": ({"filters": 6, "units": 4, "hidden": 8}, 256),
    "thesis_shallow": ({"filters": 6, "hidden": 8, "merged": 8}, 256),
    "thesis_deep": ({"filters": [4, 4], "hidden": 8, "merged": 8}, 256),
    "thesis_multi_task": ({"filters": 6, "hidden": 8, "merged": 8}, 256),
    "thesis_classes": ({"filters": 6, "hidden": 8, "merged": 8, "own": 4, "n_classes": 2}, 256),
    "thesis_tss": ({"filters": 6, "hidden": 8}, 256),
    "kmer_dense": ({"k": 3, "hidden": [8]}, 32),
    "kmer_context": ({"k": 3, "embedding": 6, "filters": 6, "dilated_layers": 2}, 32),
    "pwm_scan": ({"motifs": [GATA, GATA]}, 32),
    "siamese": ({"trunk": TRUNK, "hidden": 5}, 32),
    # Four activations of 256 bins are of the shape of a window.
    "trunk_head": ({"features": 4, "hidden": 3}, 1),
    "multi_head": (
        {
            "trunk": TRUNK,
            "hidden": 5,
            "heads": [
                {"name": "coverage", "n_tracks": 1, "output": "rate"},
                {"name": "peaks", "n_tracks": 1, "output": "logit", "kind": "task"},
            ],
        },
        32,
    ),
}
UNION = get_args(get_args(NetworkSizes)[0])
BY_KEY = {key_of(sizes): NETWORKS[sizes] for sizes in UNION}
KEYS = list(BY_KEY)
TAKE_CONTROLS = [key for key in KEYS if BY_KEY[key].takes_controls]


def recipe_network(**values: object) -> NetworkSizes:
    """The sizes as a recipe's YAML gives them."""
    return TypeAdapter(NetworkSizes).validate_python(values)


def made(key: str, n_controls: int = 0, **more: object) -> Network:
    """The small form of a network, of two tracks."""
    values, bin_size = SMALL[key]
    torch.manual_seed(0)
    return build(
        recipe_network(key=key, **{**values, **more}),
        NetWindow(256, output_length=256, bin_size=bin_size, n_tracks=2, n_controls=n_controls),
    )


def second_input(net: Network) -> torch.Tensor | None:
    """A control of the right shape, if the network takes one."""
    return torch.rand(4, net.n_controls, net.control_length) if net.n_controls else None


def test_every_key_is_tried():
    assert sorted(KEYS) == sorted(SMALL)
    assert set(NETWORKS) == set(UNION)


@pytest.mark.parametrize("key", KEYS)
def test_gives_tracks_by_bins(measure, key):
    net = made(key).eval()
    tracks = net(measure.one_hot(4, 256), second_input(net))
    assert tracks.shape == (4, net.n_tracks, net.n_bins) == (4, 2, 256 // SMALL[key][1])
    assert net.finish(tracks).isfinite().all()


@pytest.mark.parametrize("key", KEYS)
def test_output_is_that_of_the_sizes(key):
    """A recipe's check of the loss reads it from the sizes, training from the network."""
    values, _ = SMALL[key]
    assert recipe_network(key=key, **values).output == made(key).output


@pytest.mark.parametrize("key", [key for key in KEYS if key != "pwm_scan"])
def test_trains(measure, key):
    """A step of Adam from the mean of the targets lowers the squared error of the outputs."""
    net = made(key).train()
    net.set_output_bias(torch.tensor([0.3, 0.6]))
    x = measure.one_hot(4, 256)
    control = measure.one_hot(4, 256, seed=1) if key == "siamese" else None
    target = torch.rand(4, 2, net.n_bins, generator=torch.Generator().manual_seed(0))
    optimiser = torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=1e-3)
    losses = []
    for _ in range(20):
        torch.manual_seed(1)
        loss = (net.finish(net(x, control)) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("key", KEYS)
def test_same_seed_same_start(key):
    first, second = made(key).state_dict(), made(key).state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("key", TAKE_CONTROLS)
def test_takes_controls(measure, key):
    net = made(key, n_controls=3).eval()
    x = measure.one_hot(4, 256)
    control = second_input(net)
    assert control is not None
    assert not torch.equal(net(x, control), net(x, control + 1))


@pytest.mark.parametrize("key", sorted(set(KEYS) - set(TAKE_CONTROLS)))
def test_control_that_is_not_taken_is_refused(key):
    with pytest.raises(InputError, match="takes no control"):
        made(key, n_controls=1)


@pytest.mark.parametrize("key", ["multi_head", "pwm_scan"])
def test_tracks_of_another_number_are_refused(key):
    values, bin_size = SMALL[key]
    with pytest.raises(InputError, match="not those of the recipe"):
        build(
            recipe_network(key=key, **values),
            NetWindow(256, output_length=256, bin_size=bin_size, n_tracks=5),
        )


@pytest.mark.parametrize(
    "values",
    [
        {"key": "resnet"},
        {"key": "bpnet", "filter": 64},
        {"key": "bpnet", "filters": 0},
        {"key": "bpnet", "filters": 64.5},
        {"key": "bpnet", "dilated_layers": 40},
        {"key": "bpnet", "activation": "gelu"},
        {"key": "basenji", "filters": 7},
        {"key": "deepsea", "filters": [4, 4]},
        {"key": "conv_binary", "output": "rate"},
        {"key": "cnn_baseline", "stages": []},
        {"key": "pwm_scan", "motifs": [[[1, 2, 3]]]},
        {"key": "pwm_scan", "motifs": [GATA], "pseudocount": 0},
        {"key": "siamese", "trunk": {"key": "danq"}},
        {"key": "multi_head", "trunk": TRUNK, "heads": []},
        {
            "key": "multi_head",
            "trunk": TRUNK,
            "heads": [{"name": "a", "n_tracks": 1, "output": "rate"}] * 2,
        },
    ],
)
def test_bad_sizes_are_refused(values):
    with pytest.raises(ValidationError):
        recipe_network(**values)


def test_sizes_are_frozen():
    network = recipe_network(key="bpnet")
    with pytest.raises(ValidationError):
        network.filters = 3  # type: ignore[misc, union-attr]


@pytest.mark.parametrize("activation", ["exp", "elu", "tanh", "prelu", "maxout"])
@pytest.mark.parametrize("key", ["bpnet", "cnn_baseline", "residualbind_32", "kmer_dense"])
def test_every_activation_trains_and_goes_through_onnx(measure, key, activation):
    net = made(key, activation=activation)
    net(measure.one_hot(4, 256)).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    relu = made(key, activation="relu")
    more = sum(p.numel() for p in net.parameters()) - sum(p.numel() for p in relu.parameters())
    assert (more > 0) == (activation in ("prelu", "maxout"))
    assert measure.onnx_parity(net.eval(), measure.one_hot(3, 256)) < 1e-5
