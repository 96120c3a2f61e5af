"""The child that examines graphs: its limits, its errors, and signals to its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from zooctl.catalog import registry
from zooctl.errors import UnsafeError, VerificationError
from zooctl.inference import examine_in_child
from zooctl.inference.model import OpenModel
from zooctl.schema.card import Card

Graph = Callable[..., bytes]


@pytest.fixture
def card(toy_zoo: Path) -> Card:
    return registry.entry("toy").card()


def endless(graph: bytes, n: int = 400) -> bytes:
    """Put n products of 2,048 x 2,048 for each window into the toy, all of which it needs."""
    model = onnx.load_from_string(graph)
    model.graph.node[-1].output[0] = "bins"
    node = helper.make_node
    model.graph.node.extend(
        [
            node("ReduceSum", ["onehot", "both"], ["sum"]),
            node("Expand", ["sum", "size"], ["m0"]),
            *(node("MatMul", [f"m{k}", "m0"], [f"m{k + 1}"]) for k in range(n)),
            node("ReduceMean", [f"m{n}", "both"], ["mean"]),
            node("Add", ["bins", "mean"], ["tracks"]),
        ]
    )
    constants = {"both": [1, 2], "size": [1, 2048, 2048]}
    model.graph.initializer.extend(
        numpy_helper.from_array(np.array(value), name) for name, value in constants.items()
    )
    return bytes(model.SerializeToString())


def test_predictions_are_those_of_this_process(card: Card, toy_graph: Graph) -> None:
    codes = np.random.default_rng(1).integers(0, 5, (9, 64)).astype(np.uint8)
    facts = (card.geometry, card.n_tracks, card.unknown_base)
    here = examine_in_child.examine_here(toy_graph(), *facts, codes)
    assert np.array_equal(examine_in_child.examine(toy_graph(), card, codes), here)


def test_errors_come_back_whole(card: Card, toy_graph: Graph) -> None:
    with pytest.raises(VerificationError, match="another shape than the card") as caught:
        examine_in_child.examine(toy_graph(input_length=72), card)
    assert (caught.value.got, caught.value.expected) == ("(batch, 4, 72)", "(batch, 4, 64)")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(
    card: Card, toy_graph: Graph, value: float
) -> None:
    """Relu makes zeros of them, so that predictions do not tell."""
    weights = np.float32([[1, 2, value, 4], [1, 2, 3, 4]])
    model = onnx.load_from_string(toy_graph(weights))
    last = model.graph.node[-1].output[0]
    model.graph.node[-1].output[0] = "bins"
    model.graph.node.append(helper.make_node("Relu", ["bins"], [last]))
    with pytest.raises(VerificationError, match="weights 'weights' are not finite"):
        examine_in_child.examine(bytes(model.SerializeToString()), card)


def test_a_mask_may_be_infinite(card: Card, toy_graph: Graph) -> None:
    model = onnx.load_from_string(toy_graph())
    last = model.graph.node[-1].output[0]
    model.graph.node[-1].output[0] = "bins"
    model.graph.initializer.append(numpy_helper.from_array(np.float32([-np.inf]), "mask"))
    model.graph.node.append(helper.make_node("Max", ["bins", "mask"], [last]))
    found = examine_in_child.examine(bytes(model.SerializeToString()), card)
    assert np.isfinite(found).all()


def test_memory_has_a_limit(card: Card, toy_graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shapes of 9,000 operators do not fit."""
    model = onnx.load_from_string(toy_graph())
    model.graph.node.extend(helper.make_node("Relu", ["bases"], [f"r{k}"]) for k in range(9_000))
    assert len(examine_in_child.examine(model.SerializeToString(), card)) == 4
    monkeypatch.setattr(examine_in_child, "MEMORY", 20_000_000)
    with pytest.raises(UnsafeError, match=r"memory|ends the process") as caught:
        examine_in_child.examine(model.SerializeToString(), card)
    assert caught.value.exit_code == 6


def test_time_has_a_limit(card: Card, toy_graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine_in_child, "SECONDS", 5)
    began = time.monotonic()
    with pytest.raises(UnsafeError, match="takes too long") as caught:
        examine_in_child.examine(endless(toy_graph()), card)
    assert time.monotonic() - began < 20
    assert caught.value.exit_code == 6


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_both(
    toy_zoo: Path, tmp_path: Path, toy_graph: Graph, number: signal.Signals, code: int
) -> None:
    path = tmp_path / "slow.onnx"
    path.write_bytes(endless(toy_graph()))
    options = ["--name", "slow", "--assembly", "hg19", "--tracks", "a,b", "--licence", "MIT"]
    command = [sys.executable, "-m", "zooctl", "adopt", "onnx", str(path), "--bin-size", "8"]
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE)
    child = wait_for_child(process.pid)
    time.sleep(1)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert b"Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert not (toy_zoo / "zoo/slow").exists()


def wait_for_child(pid: int) -> int:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    if not listing.parent.parent.parent.exists():
        pytest.skip("needs /proc")
    for _ in range(600):
        if children := listing.read_text().split():
            return int(children[0])
        time.sleep(0.1)
    raise AssertionError("no child")


def test_models_outside_of_the_zoo_are_examined_once(
    toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry of the zoo needs no child; the same files in a folder do, once."""
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    asked = []

    def counted(*given: object) -> object:
        asked.append(given)
        return examine(*given)

    examine = examine_in_child.examine
    monkeypatch.setattr(examine_in_child, "examine", counted)
    assert OpenModel(registry.entry("toy")).graph
    assert asked == []
    other = tmp_path / "zoo elsewhere"
    (other / "model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(other))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: other)
    for _ in range(2):
        assert OpenModel(registry.entry(str(toy_zoo / "zoo/toy"))).graph
        assert len(asked) == 1
