"""Every number that an option takes has bounds, and a number past them is an error of the user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import zooctl
from zooctl.cli.main import build_app, run
from zooctl.cli.ui.options import bin_sizes, numbers
from zooctl.errors import InputError
from zooctl.inference.options.predict_and_score import MOST_SHIFTS, MOST_WINDOWS

NUMBERS = (int, float)


def numeric_options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the command line up to each option that takes a number, and the option."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from numeric_options(inner, (*path, name))
    for option in command.params:
        if option.type_descriptor.annotation in NUMBERS:
            yield f"{' '.join(path)} {max(option.opts, key=len)}", option


OPTIONS = dict(numeric_options(build_app()))


def test_the_walk_finds_the_options() -> None:
    assert {"score-variants --seed", "adopt pwm --bin-size", "train --seed"} <= OPTIONS.keys()
    assert len(OPTIONS) > 25


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_has_both_bounds(name: str) -> None:
    option = OPTIONS[name]
    assert option.min is not None
    assert option.max is not None
    if option.default is not None:
        assert option.min <= option.default <= option.max


@pytest.mark.parametrize("name", OPTIONS)
def test_a_number_past_a_bound_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    option, words = OPTIONS[name], name.split()
    values = [option.min - 1, option.max + 1, 10**20, "9" * 5_000, "1e3x"]
    if option.type_descriptor.annotation is float:
        values += ["nan", "inf"]
    for value in values:
        assert run([*words[:-1], f"{words[-1]}={value}"]) == 2, value
        err = capsys.readouterr().err
        assert err.startswith("error: "), value
        assert words[-1] in err, value


@pytest.mark.parametrize("text", ["nan", "1,inf", "1,,2", "x", "1e999"])
def test_lists_of_numbers(text: str) -> None:
    with pytest.raises(InputError, match="not a list of numbers"):
        numbers(text, "--threshold")


@pytest.mark.parametrize("text", ["0", "-1", "32,10000001", "9" * 5_000, "1.5", "x"])
def test_lists_of_bin_sizes(text: str) -> None:
    with pytest.raises(InputError, match="not a list of bin sizes"):
        bin_sizes(text)


def test_bounds_hold_in_python_too() -> None:
    model = zooctl.load("pwm_ctcf", device="cpu")
    for size in (0, MOST_WINDOWS + 1, 10**20):
        with pytest.raises(InputError, match="batch size must be from 1 to 65,536"):
            zooctl.load("pwm_ctcf", device="cpu", batch_size=size).predict(["A" * 2_066])
        with pytest.raises(InputError, match="threads must be from 1 to 1,024"):
            zooctl.load("pwm_ctcf", device="cpu", threads=size).predict(["A" * 2_066])
    for n in (0, MOST_SHIFTS + 1, 10**20):
        with pytest.raises(InputError, match="number of shifts must be from 1 to 10,000"):
            model.score("chr21:33949059 G>A", n_shifts=n)
