"""Sizes left out of a recipe: the layers of the built network, by hand from the papers' code.

Each layer of a network is one line, in the order of its modules. Layers that do nothing at a size
(dropout of 0, pools of 1) are left out.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn
from toy_nets import key_of

from zooctl.training.nets import NETWORKS, build
from zooctl.training.nets.parts.layers import Exp, Gelu
from zooctl.training.nets.parts.window import NetWindow


def described(module: nn.Module) -> str | None:
    """One layer in words; None for containers and layers that do nothing."""
    match module:
        case nn.Conv1d():
            (kernel,), (dilation,) = module.kernel_size, module.dilation
            text = f"conv {module.in_channels}>{module.out_channels} k{kernel}"
            text += f" d{dilation}" if dilation > 1 else ""
            text += f" g{module.groups}" if module.groups > 1 else ""
            return text + ("" if module.bias is not None else " no bias")
        case nn.Linear():
            return f"dense {module.in_features}>{module.out_features}"
        case nn.LSTM():
            both = " both ways" if module.bidirectional else ""
            return f"lstm {module.input_size}>{module.hidden_size}{both}"
        case nn.MaxPool1d():
            return f"max {module.kernel_size}" if module.kernel_size > 1 else None
        case nn.AvgPool1d():
            size = module.kernel_size
            size = size[0] if isinstance(size, tuple) else size
            return f"mean {size}" if size > 1 else None
        case nn.Dropout() | nn.Dropout1d():
            return f"drop {module.p}" if module.p else None
        case nn.BatchNorm1d():
            return f"norm {round(1 - module.momentum, 6)}"
        case nn.LayerNorm():
            return "layer norm"
        case nn.Threshold():
            return f"threshold {module.value}"
        case nn.ReLU():
            return "relu"
        case Exp():
            return "exp"
        case Gelu():
            return "gelu"
    return None


def layers_of(key: str, window: NetWindow) -> list[str]:
    """The layers of a network whose sizes are all left out; no memory is taken."""
    sizes = next(sizes for sizes in NETWORKS if key_of(sizes) == key)
    with torch.device("meta"):
        net = build(sizes(key=key), window)
    return [text for module in net.modules() if (text := described(module))]


def stage(i: int, o: int, k: int, residual: int, pool: int, dropout: float) -> list[str]:
    """Convolution, residual block with dropout 0.1 inside, pool and dropout of GOPHER's stages."""
    block = []
    for layer in range(residual):
        dilation = f" d{2**layer}" if layer else ""
        block += ["relu", "drop 0.1"] * bool(layer) + [f"conv {o}>{o} k3{dilation}", "norm 0.99"]
    end = [f"max {pool}"] + [f"drop {dropout}"] * bool(dropout)
    return [f"conv {i}>{o} k{k}", "norm 0.99", "relu", *block, *end]


def dilated(filters: int, layers: int) -> list[str]:
    """BPNet's dilated convolutions."""
    return [f"conv {filters}>{filters} k3 d{2**i}" for i in range(1, layers + 1)]


def basenji_block(dilation: int) -> list[str]:
    """GELU first, half the channels, no bias; momentum 0.9."""
    d = f" d{dilation}" if dilation > 1 else ""
    wide = ["gelu", f"conv 256>128 k3{d} no bias", "norm 0.9"]
    return [*wide, "gelu", "conv 128>256 k1 no bias", "norm 0.9", "drop 0.3"]


def summed(features: int, hidden: int, bins: int) -> list[str]:
    """GOPHER's summary of the window and its 8 channels at each bin."""
    summary = [f"dense {features}>{hidden}", "norm 0.99", "relu", "drop 0.3"]
    return [*summary, f"dense {hidden}>{8 * bins}", "norm 0.99", "relu", "drop 0.1"]


def kmer_block(dilation: int) -> list[str]:
    d = f" d{dilation}" if dilation > 1 else ""
    return ["layer norm", f"conv 64>64 k5{d}", "relu", "drop 0.3", "conv 64>64 k1"]


CNN = [
    *stage(4, 192, 19, 0, 8, 0.1),
    *stage(192, 256, 7, 0, 4, 0.1),
    *stage(256, 512, 7, 0, 4, 0.2),
]
RESIDUAL = [
    *stage(4, 192, 19, 5, 4, 0.1),
    *stage(192, 256, 7, 5, 4, 0.1),
    *stage(256, 512, 7, 4, 4, 0.2),
]
GOPHER = NetWindow(2048, output_length=2048, bin_size=32, n_tracks=15)
GOPHER_BINARY = NetWindow(2048, output_length=2048, bin_size=2048, n_tracks=15)
FEATURES = NetWindow(1000, output_length=200, bin_size=200, n_tracks=919)
FACTOR = NetWindow(1002, output_length=200, bin_size=200, n_tracks=1, n_controls=2)
THESIS = NetWindow(1000, output_length=200, bin_size=200, n_tracks=1, n_controls=1)
KMERS = NetWindow(131_072, output_length=131_072, bin_size=512, n_tracks=1)

PAPERS: dict[str, tuple[NetWindow, list[str]]] = {
    # GOPHER's modelzoo.py (Toneyan 2022).
    "bpnet": (
        GOPHER,
        ["conv 4>256 k25", "relu", *dilated(256, 9), "conv 256>15 k7", "mean 32"],
    ),
    "bpnet_original": (
        GOPHER,
        ["conv 4>64 k25", "relu", *dilated(64, 9), "conv 64>15 k25", "mean 32", "dense 64>15"],
    ),
    "basenji": (
        GOPHER,
        [
            *("gelu", "conv 4>256 k15 no bias", "norm 0.9", "max 2"),
            *(line for d in (1, 2, 2, 3, 5, 8, 11, 17, 26, 38, 58) for line in basenji_block(d)),
            *("gelu", "conv 256>2048 k1 no bias", "norm 0.9", "drop 0.05", "mean 16"),
            "conv 2048>15 k1",
        ],
    ),
    "cnn_baseline": (
        GOPHER,
        [
            *CNN,
            *summed(16 * 512, 256, 64),
            *("conv 8>256 k7", "norm 0.99", "relu", "drop 0.2", "conv 256>15 k1"),
        ],
    ),
    "residualbind_32": (
        GOPHER,
        [
            *stage(4, 256, 19, 5, 4, 0.2),
            *stage(256, 512, 7, 5, 4, 0.2),
            *stage(512, 1024, 7, 3, 2, 0.5),
            *("conv 1024>256 k1", "norm 0.99", "relu", "drop 0.3", "conv 256>15 k1"),
        ],
    ),
    "residualbind_base": (
        GOPHER,
        [
            *RESIDUAL,
            *summed(32 * 512, 512, 64),
            *("conv 8>256 k7", "norm 0.99", "relu", "drop 0.1"),
            *stage(8, 256, 7, 5, 1, 0.0)[3:-1],
            "conv 256>15 k1",
        ],
    ),
    "conv_binary": (
        GOPHER_BINARY,
        [*CNN, "dense 8192>256", "norm 0.99", "relu", "drop 0.3", "dense 256>15"],
    ),
    "residual_binary": (
        GOPHER_BINARY,
        [*RESIDUAL, "dense 16384>512", "norm 0.99", "relu", "drop 0.3", "dense 512>15"],
    ),
    "basset": (
        GOPHER_BINARY,
        [
            *stage(4, 300, 10, 0, 3, 0.0),
            *stage(300, 200, 11, 0, 4, 0.0),
            *stage(200, 200, 7, 0, 4, 0.0),
            *("dense 8400>1000", "relu", "drop 0.3", "dense 1000>1000", "relu", "drop 0.3"),
            "dense 1000>15",
        ],
    ),
    # Zhou and Troyanskaya 2015, released weights: 4>320>480>960 of 8, 50,880>925>919.
    "deepsea": (
        FEATURES,
        [
            *("conv 4>320 k8", "threshold 1e-06", "max 4", "drop 0.2"),
            *("conv 320>480 k8", "threshold 1e-06", "max 4", "drop 0.2"),
            *("conv 480>960 k8", "threshold 1e-06", "drop 0.5"),
            *("dense 50880>925", "threshold 1e-06", "dense 925>919"),
        ],
    ),
    # Quang and Xie 2016: 320 filters of 26, pool 13, 320 units either way, 925 hidden.
    "danq": (
        FEATURES,
        [
            *("conv 4>320 k26", "relu", "max 13", "drop 0.2", "lstm 320>320 both ways"),
            *("drop 0.5", "dense 48000>925", "relu", "dense 925>919"),
        ],
    ),
    # Alipanahi 2015: 16 detectors of 24, 32 hidden units.
    "deepbind": (
        NetWindow(101, output_length=101, bin_size=101, n_tracks=1),
        ["conv 4>16 k24", "drop 0.5", "dense 16>32", "relu", "drop 0.5", "dense 32>1"],
    ),
    # Quang and Xie 2019: 32 filters of 26 on 4 bases and 2 signals, pool 13, 32 units, 128 hidden.
    "factornet": (
        FACTOR,
        [
            *("conv 6>32 k26", "relu", "drop 0.1", "conv 32>32 k1", "relu", "max 13", "drop 0.1"),
            *("lstm 32>32 both ways", "drop 0.5", "dense 4800>128", "relu", "drop 0.5"),
            "dense 128>1",
        ],
    ),
    # ten Dijke's KConvNet: 32 filters of 20, pool 35, 100; DNase pool 20; 1,000; dropout 0.5.
    "thesis_shallow": (
        THESIS,
        [
            *("max 20", "conv 4>32 k20", "max 35", "norm 0.99", "relu", "drop 0.5"),
            *("dense 896>100", "norm 0.99", "relu", "drop 0.5"),
            *("dense 150>1000", "norm 0.99", "relu", "drop 0.5", "dense 1000>1", "norm 0.99"),
        ],
    ),
    "thesis_deep": (
        THESIS,
        [
            *("max 20", "conv 4>16 k4", "norm 0.99", "relu", "max 4"),
            *("conv 16>32 k4", "norm 0.99", "relu", "max 4"),
            *("conv 32>64 k4", "norm 0.99", "relu", "max 4", "dense 896>1000", "norm 0.99", "relu"),
            *("dense 1050>1000", "norm 0.99", "relu", "drop 0.5", "dense 1000>1", "norm 0.99"),
        ],
    ),
    "thesis_multi_task": (
        NetWindow(1000, output_length=200, bin_size=200, n_tracks=32),
        [
            *("max 20", "conv 4>100 k15", "relu", "max 35", "dense 2800>1000", "relu"),
            *("dense 1000>1000", "relu", "drop 0.5", "dense 1000>32"),
        ],
    ),
    "thesis_classes": (
        NetWindow(1000, output_length=200, bin_size=200, n_tracks=96, n_controls=1),
        [
            *("max 20", "conv 4>64 k20", "relu", "norm 0.99", "max 20", "dense 3136>1000", "relu"),
            *("dense 1050>1000", "norm 0.99", "relu", "drop 0.5"),
            *("dense 1000>4096", "relu", "conv 4096>96 k1 g32"),
        ],
    ),
    # Worked out from the 97,427 parameters of ten Dijke's Table 9.
    "thesis_tss": (
        NetWindow(200, output_length=200, bin_size=200, n_tracks=3),
        [
            *("conv 4>16 k10", "relu", "max 4", "dense 752>128", "relu", "drop 0.5"),
            "dense 128>3",
        ],
    ),
    # This program's own forms; 512 5-mers with their reverse complements.
    "kmer_dense": (
        NetWindow(2048, output_length=2048, bin_size=512, n_tracks=1),
        ["norm 0.9", "conv 512>64 k1", "relu", "drop 0.3", "conv 64>1 k1"],
    ),
    "kmer_context": (
        KMERS,
        [
            *("conv 1024>32 k1 no bias", "norm 0.9", "relu", "drop 0.1", "conv 32>64 k1"),
            *(line for i in range(7) for line in kmer_block(2**i)),
            *("layer norm", "relu", "conv 64>1 k1"),
        ],
    ),
}
# Sizes of these are those of motifs or of another network, which a recipe has to give.
COMPOUND = {"pwm_scan", "siamese", "multi_head", "trunk_head"}


def test_every_network_has_its_table():
    assert set(PAPERS) | COMPOUND == {key_of(sizes) for sizes in NETWORKS}


@pytest.mark.parametrize("key", PAPERS)
def test_layers_are_those_of_the_paper(key):
    window, expected = PAPERS[key]
    assert layers_of(key, window) == expected


@pytest.mark.parametrize(
    ("key", "pools", "blocks", "last"),
    [("residualbind_base", [8, 4, 4], [5, 5, 3], 6), ("cnn_baseline", [8, 4, 4], [0, 0, 0], 0)],
)
def test_task_heads_have_the_paper_s_other_form(key, pools, blocks, last):
    """residual_profile_task_base and conv_profile_task_base; per track 64 filters of width 7."""
    sizes = next(sizes for sizes in NETWORKS if key_of(sizes) == key)
    with torch.device("meta"):
        net = build(sizes(key=key, heads="task"), GOPHER)
    layers = [text for module in net.modules() if (text := described(module))]
    assert [int(text[4:]) for text in layers if text.startswith("max")] == pools
    assert [sum(text.startswith(f"conv {c}>{c} k3") for text in layers) for c in (192, 512)] == [
        blocks[0],
        blocks[2],
    ]
    assert sum(text.startswith("conv 256>256 k3") for text in layers) == blocks[1] + last
    head = ["conv 256>960 k7", "norm 0.99", "relu", "drop 0.1", "conv 960>15 k1 g15"]
    assert layers[-5:] == head
