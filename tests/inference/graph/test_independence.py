"""Windows that depend on their batch are found by predictions where operators prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from zooctl.errors import VerificationError
from zooctl.inference.device.session import Session
from zooctl.inference.graph import independence
from zooctl.inference.graph.batch.batch_axis import Independence
from zooctl.inference.graph.independence import check_windows, draw_windows
from zooctl.sequence.windows import Geometry

Graph = Callable[..., bytes]
GEOMETRY = Geometry(64, 32, 8, 32)
UNKNOWN = Independence(proven=False, lost="Gather 'g'")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def session(model: bytes, **more: object) -> Session:
    options = {"geometry": GEOMETRY, "n_tracks": 2, "unknown_base": 0.25, "device": "cpu"}
    return Session(model, **options, **more)  # type: ignore[arg-type]


def with_others(graph: bytes, *nodes: onnx.NodeProto, **constants: object) -> bytes:
    """Put operators behind the toy's predictions, named ``bins``."""
    model = onnx.load_from_string(graph)
    model.graph.node[-1].output[0] = "bins"
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    return bytes(model.SerializeToString())


def test_a_row_of_another_window(toy_graph: Graph) -> None:
    """The first window's predictions are added to all: its axis is lost, predictions tell."""
    model = with_others(
        toy_graph(),
        helper.make_node("Gather", ["bins", "zero"], ["picked"], axis=0, name="pick"),
        helper.make_node("Add", ["bins", "picked"], ["tracks"]),
        zero=[0],
    )
    with pytest.raises(VerificationError, match="depends on the other windows") as caught:
        session(model)
    assert "cannot follow is Gather 'pick'" in str(caught.value.hint)
    with pytest.raises(VerificationError, match="depends on the other windows"):
        session(model, summed="none")


def test_the_size_of_the_batch(toy_graph: Graph) -> None:
    """Predictions divided by the number of windows."""
    model = with_others(
        toy_graph(),
        helper.make_node("Shape", ["onehot"], ["n"], end=1),
        helper.make_node("Cast", ["n"], ["count"], to=1),
        helper.make_node("Div", ["bins", "count"], ["tracks"]),
    )
    with pytest.raises(VerificationError, match=r"in a batch of 2|alone"):
        session(model)


def test_the_place_in_the_batch(toy_graph: Graph) -> None:
    """Predictions weighed by the window's place."""
    model = with_others(
        toy_graph(),
        helper.make_node("Shape", ["onehot"], ["n"], end=1),
        helper.make_node("Squeeze", ["n", "zero"], ["count"]),
        helper.make_node("Range", ["start", "count", "step"], ["places"]),
        helper.make_node("Cast", ["places"], ["place"], to=1),
        helper.make_node("Reshape", ["place", "column"], ["added"]),
        helper.make_node("Add", ["bins", "added"], ["tracks"]),
        zero=[0],
        start=0,
        step=1,
        column=[-1, 1, 1],
    )
    with pytest.raises(VerificationError, match="in another order"):
        session(model)


def test_windows_alone_with_an_axis_that_is_lost(toy_graph: Graph) -> None:
    """Both halves of a batch twice as large, of which one is dropped: sound, though not proven."""
    model = with_others(
        toy_graph(),
        helper.make_node("Concat", ["bins", "bins"], ["twice"], axis=0),
        helper.make_node("Split", ["twice"], ["tracks", "rest"], axis=0, num_outputs=2),
    )
    codes = draw_windows(64)
    assert np.array_equal(session(model).predict(codes), session(toy_graph()).predict(codes))


def test_a_graph_is_tried_once_on_a_machine(
    toy_graph: Graph, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    monkeypatch.setattr(independence, "follow_batch", lambda *one: tried.append(one) or UNKNOWN)
    session(toy_graph())
    session(toy_graph(), summed="none")
    assert len(tried) == 1
    session(toy_graph(weights=np.ones((2, 4), np.float32)))
    assert len(tried) == 2
    assert len(list((home / "graphs").iterdir())) == 2


def test_a_graph_that_fails_is_tried_again(toy_graph: Graph, home: Path) -> None:
    model = with_others(
        toy_graph(), helper.make_node("Softmax", ["bins"], ["tracks"], axis=0, name="s")
    )
    for _ in range(2):
        with pytest.raises(VerificationError, match="Softmax 's'"):
            session(model)
    assert not (home / "graphs").exists()


def test_a_cache_that_cannot_be_written(
    toy_graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "file/home"))
    assert session(toy_graph()).predict(draw_windows(64)).shape == (4, 2, 4)


@pytest.mark.parametrize(
    ("change", "known", "refused"),
    [
        (1e-6, UNKNOWN, False),
        (1e-4, UNKNOWN, True),
        (1e-4, Independence(proven=True), False),
        (1e-2, Independence(proven=True), True),
    ],
)
def test_last_bits_may_move(change: float, known: Independence, refused: bool) -> None:
    """Relative to the largest prediction; NaN equals NaN, and infinity infinity."""

    def predict(codes: np.ndarray) -> np.ndarray:
        values = 100.0 + codes.sum(axis=1, keepdims=True) % 7
        values[:, 0] *= 1 + change * (len(codes) == 1)
        values[codes[:, :1] == 3] = np.inf
        return np.where(codes[:, :1] == 4, np.nan, values)

    if refused:
        with pytest.raises(VerificationError, match="alone"):
            check_windows(predict, draw_windows(64), known)
    else:
        check_windows(predict, draw_windows(64), known)
