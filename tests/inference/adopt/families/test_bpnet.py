"""BPNet and ChromBPNet against a port of a few lines, and against the authors' classes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from authors_classes import make, one_hot, run, weights_of
from naive_profile import head_of
from torch.nn import functional
from toy_families import Tensors, bpnet_state

from zooctl.errors import InputError
from zooctl.inference.adopt.families.bpnet import convert_bpnet, convert_chrombpnet
from zooctl.inference.adopt.families.checkpoint import read_weights

HEADS = ("coverage", "profile", "counts")


def port(p: Tensors, x: torch.Tensor, trimming: int, *, pre: bool, head: str = ""):
    """Return logits and counts; controls are all zero."""
    own = {name.removeprefix(head): v for name, v in p.items() if name.startswith(head)}
    layers = sum(name.startswith("rconvs") for name in own) // 2
    filters = own["iconv.weight"].shape[0]
    x = functional.conv1d(x, own["iconv.weight"], own["iconv.bias"], padding=10)
    x = x if pre else torch.relu(x)
    for i in range(layers):
        reach, weight, bias = 2 ** (i + 1), own[f"rconvs.{i}.weight"], own[f"rconvs.{i}.bias"]
        read = torch.relu(x) if pre else x
        made = functional.conv1d(read, weight, bias, padding=reach, dilation=reach)
        x = x + (made if pre else torch.relu(made))
    x = torch.relu(x) if pre else x
    end = x.shape[2] - trimming
    kernel = own["fconv.weight"][:, :filters]
    logits = functional.conv1d(x, kernel, own["fconv.bias"], padding=37)[:, :, trimming:end]
    mean = x[:, :, max(trimming - 37, 0) : end + 37].mean(2)
    counts = mean @ own["linear.weight"][:, :filters].T + own["linear.bias"]
    if pre:
        counts = counts + np.log(2) * own["linear.weight"][:, filters:].sum()
    return logits.numpy(), counts.numpy()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    ("form", "outputs", "controls", "trimming"),
    [("BPNet", 2, 2, None), ("BPNet", 1, 0, 70), ("BPNet", 1, 0, 20), ("BasePairNet", 2, 2, None)],
)
def test_bpnet(head: str, form: str, outputs: int, controls: int, trimming: int | None) -> None:
    """Trimmings below the network's reach, which show padding, among them."""
    parameters = bpnet_state(6, 3, outputs, controls)
    made = convert_bpnet(
        weights_of(parameters),
        head=head,  # type: ignore[arg-type]
        output_length=60,
        trimming=trimming,
        form=form,
    )
    taken = trimming or (47 + 2 + 4 + 8 if form == "BPNet" else 8)
    assert made.geometry.input_length == 60 + 2 * taken
    x = one_hot(5, made.geometry.input_length)
    logits, counts = port(parameters, torch.from_numpy(x), taken, pre=form == "BasePairNet")
    expected = head_of(head, logits, counts, (outputs,))
    assert np.allclose(run(made.model, x), expected, rtol=1e-4, atol=1e-6)
    names = ["signal"] if head == "counts" or outputs == 1 else ["plus", "minus"]
    assert [track["name"] for track in made.tracks] == names
    assert bool(made.facts["strand_pairs"]) == (len(names) == 2)


@pytest.mark.parametrize("head", HEADS)
def test_chrombpnet_without_and_with_its_bias(head: str) -> None:
    parameters = bpnet_state(6, 3, 1, 0, "accessibility.") | bpnet_state(4, 2, 1, 0, "bias.")
    weights = weights_of(parameters)
    x = one_hot(5, 40 + 2 * 61)
    sequence = torch.from_numpy(x)
    logits, counts = port(parameters, sequence, 61, pre=False, head="accessibility.")
    made = convert_chrombpnet(weights, head=head, output_length=40)  # type: ignore[arg-type]
    expected = head_of(head, logits, counts, (1,))
    assert np.allclose(run(made.model, x), expected, rtol=1e-4, atol=1e-6)
    bias, more = port(parameters, sequence, 53, pre=False, head="bias.")
    expected = head_of(head, logits + bias[:, :, 8:-8], np.logaddexp(counts, more), (1,))
    made = convert_chrombpnet(
        weights,
        head=head,  # type: ignore[arg-type]
        output_length=40,
        with_bias=True,
    )
    assert np.allclose(run(made.model, x), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("prefix", ["", "wo_bias_"])
def test_chrombpnet_of_keras(tmp_path: Path, prefix: str) -> None:
    """The same parameters under ChromBPNet's names, in Keras' layout."""
    parameters = bpnet_state(6, 2, 1, 0)
    head = "bpnet_" if prefix else ""
    layers = {"iconv": "bpnet_1st_conv", "rconvs.0": "bpnet_1conv", "rconvs.1": "bpnet_2conv"}
    layers |= {"fconv": f"{head}prof_out_precrop", "linear": f"{head}logcount_predictions"}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for ours, theirs in layers.items():
            group = f"model_weights/{prefix}{theirs}/{prefix}{theirs}"
            file[f"{group}/kernel:0"] = parameters[f"{ours}.weight"].numpy().T
            file[f"{group}/bias:0"] = parameters[f"{ours}.bias"].numpy()
    made = convert_chrombpnet(
        read_weights(str(tmp_path / "a.h5")), head="coverage", output_length=40
    )
    x = one_hot(3, made.geometry.input_length)
    found = port(parameters, torch.from_numpy(x), 53, pre=False)
    assert np.allclose(run(made.model, x), head_of("coverage", *found, (1,)), rtol=1e-4, atol=1e-6)


def test_what_is_no_bpnet() -> None:
    with pytest.raises(InputError, match="lacks a tensor") as caught:
        convert_bpnet(weights_of({"conv.weight": torch.ones(2, 4, 3)}))
    assert (caught.value.expected, caught.value.got) == ("iconv.weight", "conv.weight, …")
    parameters = bpnet_state(4, 1, 1, 0, "accessibility.") | bpnet_state(4, 2, 1, 0, "bias.")
    with pytest.raises(InputError, match="reads farther"):
        convert_chrombpnet(weights_of(parameters), with_bias=True)


SIZES = {
    "reduced": {"n": 100, "n_filters": 8, "n_layers": 3},
    "full": {"n": 2, "n_filters": 64, "n_layers": 8},
}


def close(got: np.ndarray, expected: np.ndarray) -> None:
    """Compare within 1e-4 of the values' size."""
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() < 1e-4 * max(1.0, float(np.abs(expected).max()))
    assert expected.std() > 0


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("form", "outputs", "controls"),
    [("BPNet", 2, 2), ("BPNet", 1, 0), ("BasePairNet", 2, 2)],
)
def test_bpnet_of_its_authors(
    tmp_path: Path, size: str, form: str, outputs: int, controls: int
) -> None:
    layers = SIZES[size]["n_layers"]
    trimming = 45 + 2 ** (layers + 1) if form == "BPNet" else 2**layers
    options = {**SIZES[size], "form": form, "n_outputs": outputs, "n_control_tracks": controls}
    made = make("bpnet", tmp_path, length=1_000 + 2 * trimming, **options)
    weights = read_weights(str(made.path))
    for head in HEADS:
        converted = convert_bpnet(weights, head=head, form=form)  # type: ignore[arg-type]
        expected = head_of(head, made.outputs["logits"], made.outputs["counts"], (outputs,))
        close(run(converted.model, made.inputs), expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"n": 100, "length": 1_122, "filters": 8, "layers": 3, "bias": (8, 2)},
        {"n": 2, "length": 2_114, "filters": 512, "layers": 8, "bias": (128, 4)},
    ],
    ids=["reduced", "full"],
)
def test_chrombpnet_of_its_authors(tmp_path: Path, options: dict[str, object]) -> None:
    made = make("chrombpnet", tmp_path, **options)
    weights = read_weights(str(made.path))
    for with_bias, own in ((False, "own_"), (True, "")):
        found = made.outputs[f"{own}logits"], made.outputs[f"{own}counts"]
        for head in HEADS:
            converted = convert_chrombpnet(weights, head=head, with_bias=with_bias)  # type: ignore[arg-type]
            close(run(converted.model, made.inputs), head_of(head, *found, (1,)))


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["", "wo_bias_"])
def test_chrombpnets_own_files_as_bpnet_lite_reads_them(tmp_path: Path, prefix: str) -> None:
    made = make("chrombpnet_keras", tmp_path, n=100, length=1_122, prefix=prefix)
    converted = convert_chrombpnet(read_weights(str(made.path)), head="profile")
    expected = head_of("profile", made.outputs["logits"], made.outputs["counts"], (1,))
    close(run(converted.model, made.inputs), expected)
