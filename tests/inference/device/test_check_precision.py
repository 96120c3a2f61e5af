"""The difference that less precision may make."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.errors import InputError, VerificationError
from zooctl.inference.device.check_precision import check_difference, in_full
from zooctl.inference.options.hardware import Hardware
from zooctl.inference.options.predict_and_score import SessionOptions

FULL = np.array([-8.0, 0.5, np.nan])


def test_a_share_of_the_largest() -> None:
    hardware = Hardware("cuda", "bf16", allowed=0.011)
    assert check_difference(np.array([-8.0, 0.58, np.nan]), FULL, hardware) == pytest.approx(0.01)
    with pytest.raises(
        VerificationError, match=r"got 0\.012 of the largest; expected at most 0\.011"
    ):
        check_difference(np.array([-8.1, 0.5, np.nan]), FULL, hardware)


@pytest.mark.parametrize("lower", [[-8.0, np.inf, np.nan], [-8.0, 0.5, 1.0], [np.nan, 0.5, np.nan]])
def test_numbers_that_come_or_go(lower: list[float]) -> None:
    with pytest.raises(VerificationError, match="changes predictions too much"):
        check_difference(np.array(lower), FULL, Hardware("cuda", "fp16"))


def test_zeros_alone() -> None:
    assert check_difference(np.zeros(3), np.zeros(3), Hardware("cuda", "fp16")) == 0


def test_the_card_says_what_is_allowed() -> None:
    options = SessionOptions(precision="fp16")
    assert options.hardware(0.25).allowed == 0.25
    assert options.hardware().allowed == 0.02


def test_networks_in_full_precision() -> None:
    assert in_full(Hardware("auto")) == in_full("auto") == "auto"
    with pytest.raises(InputError, match=r"computed in full precision.*--precision tf32"):
        in_full(Hardware("auto", "tf32"))
    with pytest.raises(InputError, match=r"leave it out"):
        in_full(Hardware("auto", cuda_graphs=True))
