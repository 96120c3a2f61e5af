"""DeepBind's text, read against lists that are laid out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import UnsafeError
from zooctl.files.weights.deepbind import read_deepbind

PATH = Path("D00001.001.txt")


def text(**changed: str) -> bytes:
    lines = {
        "reverse_complement": "1",
        "num_detectors": "2",
        "detector_len": "3",
        "has_avg_pooling": "0",
        "num_hidden": "5",
        # Position, then base, then detector: 100 * position + 10 * base + detector.
        "detectors": ",".join(
            str(100 * p + 10 * b + d) for p in range(3) for b in range(4) for d in range(2)
        ),
        "thresholds": "-1,-2",
        "weights1": ",".join(str(10 * i + o) for i in range(2) for o in range(5)),
        "biases1": "1,2,3,4,5",
        "weights2": "1,2,3,4,5",
        "biases2": "7",
    } | changed
    return "\n".join(["# deepbind 0.1", *(f"{k} = {v}" for k, v in lines.items())]).encode()


def test_every_number_comes_to_its_place() -> None:
    found = read_deepbind(text(), PATH)
    assert found["detectors"].shape == (2, 4, 3)
    assert found["detectors"][1, 3, 2] == 231
    assert found["detectors"][0, 1, 0] == 10
    assert found["weights1"].shape == (5, 2)
    assert found["weights1"][4, 1] == 14
    assert found["weights2"].tolist() == [[1, 2, 3, 4, 5]]
    assert found["num_hidden"].tolist() == [5]
    assert all(values.dtype == np.float32 for values in found.values())


def test_without_a_hidden_layer() -> None:
    plain = {"num_hidden": "0", "weights1": "1,2", "biases1": "3", "weights2": "", "biases2": ""}
    found = read_deepbind(text(**plain), PATH)
    assert found["weights1"].tolist() == [[1, 2]]
    assert "weights2" not in found


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a parameter file"),
        (b"# deepbind 0.2\n", "not a parameter file"),
        (b"# deepbind 0.1\nnum_detectors\n", "not a parameter file"),
        (text(thresholds="1,x"), "not a parameter file"),
        (text() + b"\nthresholds = 1,2\n", "not a parameter file"),
        (text(thresholds="1,nan"), "not finite"),
        (text(thresholds="1,2,3"), "not the parameters"),
        (text(num_detectors="1.5"), "not a count"),
        (text(num_detectors="1000000"), "not a count"),
        (text() + b"\xff", "not a parameter file"),
    ],
)
def test_other_files_are_refused(content: bytes, what: str) -> None:
    with pytest.raises(UnsafeError, match=what):
        read_deepbind(content, PATH)
