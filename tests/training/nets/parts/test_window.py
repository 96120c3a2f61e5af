"""The lengths of a network and their checks."""

from __future__ import annotations

import pytest

from zooctl.errors import InputError
from zooctl.training.nets.parts.window import NetWindow


@pytest.mark.parametrize(
    ("lengths", "pool", "field"),
    [
        ({"input_length": 100, "output_length": 200, "bin_size": 1}, 1, "output_length"),
        ({"input_length": 100, "output_length": 0, "bin_size": 1}, 1, "output_length"),
        ({"input_length": 100, "output_length": 99, "bin_size": 1}, 1, "output_length"),
        ({"input_length": 100, "output_length": 100, "bin_size": 3}, 1, "bin_size"),
        ({"input_length": 100, "output_length": 100, "bin_size": 0}, 1, "bin_size"),
        ({"input_length": 100, "output_length": 80, "bin_size": 8}, 4, "pool"),
        ({"input_length": 96, "output_length": 96, "bin_size": 8}, 16, "pool"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths, pool, field):
    with pytest.raises(InputError) as caught:
        NetWindow(**lengths, n_tracks=1).check(pool)
    assert caught.value.field == field


def test_lengths_that_fit_pass():
    NetWindow(input_length=2048, output_length=1024, bin_size=32, n_tracks=1).check(pool=8)
    NetWindow(input_length=1000, output_length=200, bin_size=200, n_tracks=1).check_one_bin()
