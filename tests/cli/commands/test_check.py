"""`zooctl check` on a model that runs: nothing wrong, and everything that can be wrong with it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import toy_model
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]
Graph = Callable[..., bytes]
Repin = Callable[..., None]


def problems(capsys: Captured, code: int = 3) -> list[str]:
    """Run the check, which must find something, and return what it says, without the folder."""
    assert run(["check", "toy"]) == code
    lines = capsys.readouterr().err.splitlines()
    return [line.rpartition("zoo root/")[2] if "zoo root/" in line else line for line in lines]


def test_a_sound_model(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["check", "toy"]) == 0
    files = "manifest, model.onnx, model.safetensors, probe.safetensors"
    assert capsys.readouterr() == (f"toy: ok (card, recipe, {files})\n", "")
    assert run(["check", "--all"]) == 0


def test_other_weights_in_the_graph(
    toy_zoo: Path, toy_graph: Graph, repin: Repin, capsys: Captured
) -> None:
    weights = np.array([[1, 2, 3, 4], [4, 3, 2, 1.001]], np.float32)
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(toy_graph(weights))
    repin()
    tensor, probe = problems(capsys)
    assert tensor == "zoo/toy/model.onnx: weights: tensor differs from the safetensors file"
    assert probe.startswith("zoo/toy/probe.safetensors: expected[")
    assert "predictions are not as stored (got " in probe


def test_other_weights_in_the_safetensors_file(
    toy_zoo: Path, repin: Repin, capsys: Captured
) -> None:
    save_file({"weights": np.zeros((2, 3), np.float32)}, toy_zoo / "zoo/toy/model.safetensors")
    repin()
    digest, tensor = problems(capsys)
    assert "model.safetensors: tensor digest differs from the manifest (got sha256:" in digest
    assert "tensor differs in shape or type" in tensor
    assert "(got float32 (2, 4); expected float32 (2, 3))" in tensor


def test_no_safetensors_file(toy_zoo: Path, repin: Repin, capsys: Captured) -> None:
    (toy_zoo / "zoo/toy/model.safetensors").write_bytes(b"\x80\x04pickle?")
    repin()
    (line,) = problems(capsys, 6)
    assert "zoo/toy/model.safetensors: not a safetensors file" in line


def test_operator_set(toy_zoo: Path, repin: Repin, capsys: Captured) -> None:
    repin(opset=19)
    (line,) = problems(capsys)
    assert (
        line == "zoo/toy/model.onnx: operator set differs from the manifest (got 20; expected 19)"
    )


@pytest.mark.parametrize(
    ("weights", "input_length", "message"),
    [
        (np.ones((3, 4), np.float32), 64, "output 'tracks' has another shape than the card states"),
        (np.ones((2, 4), np.float32), 72, "input 'onehot' has another shape than the card states"),
    ],
)
def test_graph_against_card(
    toy_zoo: Path,
    toy_graph: Graph,
    repin: Repin,
    capsys: Captured,
    weights: NDArray[np.float32],
    input_length: int,
    message: str,
) -> None:
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(toy_graph(weights, input_length))
    repin()
    (line,) = problems(capsys)
    assert f"zoo/toy/model.onnx: {message}" in line


def test_no_graph(toy_zoo: Path, repin: Repin, capsys: Captured) -> None:
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(b"no graph")
    repin()
    (line,) = problems(capsys)
    assert line == "zoo/toy/model.onnx: not an ONNX model"


def spoilt(probe: dict[str, NDArray[np.generic]], case: str) -> dict[str, NDArray[np.generic]]:
    inputs, expected = probe["inputs"].copy(), probe["expected"].copy()
    match case:
        case "far":
            expected[3, 1, 2] *= 1.0001
        case "nan":
            expected[3, 1, 2] = np.nan
        case "codes":
            inputs[0, 0] = 5
        case "type":
            inputs = inputs.astype(np.int64)
        case "shape":
            expected = expected[:, :1]
        case "empty":
            inputs, expected = inputs[:0], expected[:0]
        case "missing":
            return {"inputs": inputs}
    return {"inputs": inputs, "expected": np.ascontiguousarray(expected)}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("far", "expected[3, 1, 2]: 1 of 64 predictions are not as stored"),
        ("nan", "expected: a value is not finite"),
        ("codes", "inputs: value is no genome code (got 5; expected 0 to 4)"),
        ("type", "(got int64 (8, 64); expected uint8 (8, 64))"),
        ("shape", "(got float32 (8, 1, 4); expected float32 (8, 2, 4))"),
        ("empty", "(got uint8 (0, 64); expected uint8 (n, 64))"),
        ("missing", "tensor is missing (got inputs; expected inputs, expected)"),
    ],
)
def test_probe(toy_zoo: Path, repin: Repin, capsys: Captured, case: str, message: str) -> None:
    path = toy_zoo / "zoo/toy/probe.safetensors"
    save_file(spoilt(load_file(path), case), path)
    repin()
    (line,) = problems(capsys, 6 if case == "nan" else 3)
    assert line.startswith("zoo/toy/probe.safetensors: ")
    assert message in line


def test_a_probe_within_rounding_passes(toy_zoo: Path, repin: Repin) -> None:
    path = toy_zoo / "zoo/toy/probe.safetensors"
    probe = load_file(path)
    probe["expected"] *= np.float32(1 + 5e-6)
    save_file(probe, path)
    repin()
    assert run(["check", "toy"]) == 0


def with_pairs(path: Path, nudge: float = 0.0) -> dict[str, NDArray[np.generic]]:
    """Write four pairs of windows that differ in a base; one expected prediction is off."""
    probe = load_file(path)
    inputs = probe["inputs"]
    inputs[1::2] = inputs[::2]
    inputs[1::2, 20] = (inputs[::2, 20] + 1) % 4
    expected = toy_model.expected_tracks(inputs)
    expected[1, 1] += np.float32(nudge)
    pairs = np.arange(8, dtype=np.int32).reshape(4, 2)
    found = {"inputs": inputs, "expected": expected, "pairs": pairs}
    save_file(found, path)
    return found


def test_pairs_of_alleles_pass(toy_zoo: Path, repin: Repin) -> None:
    with_pairs(toy_zoo / "zoo/toy/probe.safetensors")
    repin()
    assert run(["check", "toy"]) == 0


def test_a_score_is_compared_more_closely_than_windows(
    toy_zoo: Path, repin: Repin, capsys: Captured
) -> None:
    """A nudge that the windows' tolerance of 1e-5 lets pass is a change of a score."""
    path = toy_zoo / "zoo/toy/probe.safetensors"
    probe = with_pairs(path, nudge=1.5e-5)
    repin()
    (line,) = problems(capsys)
    head = "zoo/toy/probe.safetensors: pairs[0], track 1: 1 of 8 scores of variants are not as "
    assert line.startswith(head)
    save_file({name: probe[name] for name in ("inputs", "expected")}, path)
    repin()
    assert run(["check", "toy"]) == 0


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            np.zeros((2, 2), np.int64),
            "pairs: pairs of windows have another shape or type (got int64",
        ),
        (np.zeros((2, 3), np.int32), "(got int32 (2, 3); expected int32 (n_pairs, 2))"),
        (np.zeros((0, 2), np.int32), "(got int32 (0, 2); expected int32 (n_pairs, 2))"),
        (
            np.array([[0, 8]], np.int32),
            "pairs: a pair names no window (got 0 to 8; expected 0 to 7)",
        ),
        (
            np.array([[-1, 1]], np.int32),
            "pairs: a pair names no window (got -1 to 1; expected 0 to",
        ),
    ],
)
def test_malformed_pairs(
    toy_zoo: Path, repin: Repin, capsys: Captured, pairs: NDArray[np.generic], message: str
) -> None:
    path = toy_zoo / "zoo/toy/probe.safetensors"
    save_file({**with_pairs(path), "pairs": pairs}, path)
    repin()
    (line,) = problems(capsys)
    assert message in line


def test_everything_at_once(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    card.write_text(card.read_text().replace("seed: 1", "seed: 2").replace("hg19", "hg38"))
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(b"spoilt")
    save_file({"weights": np.zeros(1, np.float32)}, toy_zoo / "zoo/toy/model.safetensors")
    starts = [line.split(" (")[0] for line in problems(capsys)]
    assert [start.split(": ", 1)[1] for start in starts] == [
        "assembly: differs from the recipe",
        "seed: differs from the recipe",
        "bytes differ from the manifest",
        "bytes differ from the manifest",
        "bytes differ from the manifest",
    ]


def test_stamp(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    card.write_text(card.read_text().replace("title: Strand", "title: A strand"))
    (line,) = problems(capsys)
    assert "Hint: zooctl check --stamp toy, if the edit was meant" in line
    assert run(["check", "--stamp", "toy"]) == 0
    assert run(["check", "toy"]) == 0


def test_all_finds_what_has_no_card(toy_zoo: Path, capsys: Captured) -> None:
    (toy_zoo / "recipes/toi.yaml").write_text((toy_zoo / "recipes/toy.yaml").read_text())
    assert run(["check", "toy"]) == 0
    assert run(["check", "--all"]) == 3
    assert "recipes/toi.yaml: no card has this name" in capsys.readouterr().err


def test_which_models(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["check"]) == 2
    assert run(["check", "--all", "toy"]) == 2
    assert run(["check", "toi"]) == 2
    assert "did you mean 'toy'?" in capsys.readouterr().err


def test_without_safetensors_the_digest_is_of_the_graph(
    toy_zoo: Path, repin: Repin, capsys: Captured
) -> None:
    (toy_zoo / "zoo/toy/model.safetensors").unlink()
    repin()
    (line,) = problems(capsys)
    assert "zoo/toy/model.onnx: tensor digest differs from the manifest (got sha256:" in line
    manifest = toy_zoo / "zoo/toy/manifest.json"
    got, expected = re.findall("sha256:[0-9a-f]{64}", line)
    manifest.write_text(manifest.read_text().replace(expected, got))
    assert run(["check", "toy"]) == 0


def test_what_is_still_to_be_written(toy_zoo: Path, repin: Repin, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    card.write_text(card.read_text().replace("[It is a toy.]", "[TO BE WRITTEN]"))
    repin()
    (line,) = problems(capsys)
    assert line.endswith(": limits.0: still to be written (got TO BE WRITTEN)")


def test_weights_that_are_published_elsewhere(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR", raising=False)
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path))
    monkeypatch.setattr(socket, "socket", None)
    head = "mpra_dragonn: ok (card, manifest, graph.onnx, probe.safetensors, weights "
    assert run(["check", "mpra_dragonn"]) == 0
    assert capsys.readouterr().out == f"{head}are elsewhere and were not looked at)\n"
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    assert run(["check", "mpra_dragonn"]) == 0
    assert capsys.readouterr().out == f"{head}as published)\n"
    assert run(["info", "mpra_dragonn"]) == 0
    out = capsys.readouterr().out
    assert "weights       url\n              https://raw.githubusercontent.com/kundajelab/" in out


def test_the_repository_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    assert run(["check", "--all"]) == 0
