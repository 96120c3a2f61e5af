"""Portable recipes train only where their bits are those of every machine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from zooctl.errors import InputError
from zooctl.training.determinism.portable import PINS, check_portable, in_force
from zooctl.training.nets.parts.layers import square_root


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PINS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", PINS)
def test_every_variable_is_needed(pinned: None, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_force()
    check_portable("cpu", "AVX2")
    monkeypatch.delenv(name)
    assert not in_force()
    with pytest.raises(InputError, match="without the variables"):
        check_portable("cpu", "AVX2")


def test_others_are_refused(pinned: None) -> None:
    with pytest.raises(InputError, match="portable is of CPUs"):
        check_portable("cuda", "AVX2")
    # torch worked with more before the variables were set, or the processor has less
    for capability in ("AVX512", "DEFAULT"):
        with pytest.raises(InputError, match="needs a processor with AVX2"):
            check_portable("cpu", capability)


def test_square_roots_are_the_nearest_floats() -> None:
    x = np.random.default_rng(1).random(100_000).astype(np.float32) * 1000
    # IEEE 754 demands as much of a processor's own instruction, which NumPy takes.
    assert np.array_equal(square_root(torch.from_numpy(x)).numpy(), np.sqrt(x))
