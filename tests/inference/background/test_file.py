"""A background's file, and the files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from zooctl.errors import InputError, IntegrityError, UnsafeError
from zooctl.inference.background.file import ScoreBackground, Settings, read_background

PATH = Path("background.safetensors")
SETTINGS = Settings(
    "toy", "ab" * 32, "hg19", 20, 8, 0, False, 50, 1, {"random": "1,000 of a kind"}, "0.1.0"
)
MANY, FEW = np.arange(1_000, dtype=np.float32), np.arange(999, dtype=np.float32)


def background(**values: np.ndarray) -> ScoreBackground:
    return ScoreBackground(SETTINGS, {name.replace("__", "/"): one for name, one in values.items()})


def test_round() -> None:
    made = background(
        random__snv__SUM_LFC__0=MANY, random__del_1__SUM_LFC__0=FEW, random__activity__SUM__0=MANY
    )
    content = made.to_bytes()
    assert content == made.to_bytes()
    found = read_background(content, PATH)
    assert found.settings == SETTINGS
    assert found.counts() == {"random/del_1": 999, "random/snv": 1_000}
    assert np.array_equal(found.scores("random", "snv", "SUM_LFC", 0), MANY)  # type: ignore[arg-type]
    assert found.activities("random", "SUM", 0) is not None
    # Too few are no background, and neither is what is not there.
    assert found.scores("random", "del_1", "SUM_LFC", 0) is None
    assert found.scores("random", "ins_1", "SUM_LFC", 0) is None
    assert found.scores("shuffled", "snv", "SUM_LFC", 0) is None
    assert found.scores("random", "snv", "SUM_LFC", 1) is None


def test_faults() -> None:
    unsorted = background(random__snv__SUM_LFC__0=MANY[::-1].copy()).to_bytes()
    with pytest.raises(IntegrityError, match="not sorted"):
        read_background(unsorted, PATH)
    with pytest.raises(InputError, match="not the background of a model"):
        read_background(save({"weight": MANY}), PATH)
    old = background(a=MANY).to_bytes().replace(b'\\"schema\\": 1', b'\\"schema\\": 9')
    with pytest.raises(InputError, match="of another version"):
        read_background(old, PATH)
    with pytest.raises(UnsafeError):
        read_background(b"not a file", PATH)
