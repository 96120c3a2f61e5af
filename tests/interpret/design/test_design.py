"""Designed sequences: gains never fall, constraints hold, a planted word is found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_model import toy_zoo  # noqa: F401
from toy_rule import FIRST, LENGTH, SIZES, number, numbers, plant_rule

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.design.constraints import Constraints
from zooctl.interpret.design.design import design, objective_of
from zooctl.interpret.design.greedy import substitute_greedily
from zooctl.interpret.interventions.pattern import parse_pattern
from zooctl.interpret.options import DesignOptions
from zooctl.sequence.onehot import Codes, decode, encode

CPU = SessionOptions(device="cpu", threads=1)
FREE = Constraints()


def gc_value(codes: Codes) -> np.ndarray:
    """Share of C and G in the middle ten bases."""
    return ((codes[:, 5:15] == 1) | (codes[:, 5:15] == 2)).mean(axis=1)


def open_model(name: str) -> OpenModel:
    return OpenModel(registry.entry(name), CPU)


@given(seed=st.integers(0, 50))
def test_greedy_reaches_the_top_of_a_smooth_hill_step_by_step(seed: int) -> None:
    start = np.random.default_rng(seed).integers(0, 4, 20).astype(np.uint8)
    made = substitute_greedily(gc_value, start, (5, 15), lambda x: x, FREE, rounds=20)
    assert made.values[-1] == 1.0
    assert (np.diff(made.values) > 0).all()
    # One change for each A or T, no more.
    assert len(made.values) - 1 == round(10 * (1 - made.values[0]))
    assert (made.codes[:5] == start[:5]).all()
    assert (made.codes[15:] == start[15:]).all()


@given(seed=st.integers(0, 50))
def test_constraints_hold_at_the_end(seed: int) -> None:
    start = np.random.default_rng(seed).integers(0, 4, 40).astype(np.uint8)
    start[10:16] = encode(b"GAATTC")
    limits = Constraints(0.3, 0.6, (parse_pattern("GAATTC"), parse_pattern("GGTCTC")))
    made = substitute_greedily(gc_value, start, (5, 35), lambda x: x, limits, rounds=60)
    text = decode(made.codes)
    gc = sum(base in "CG" for base in text[5:35]) / 30
    assert 0.3 <= gc <= 0.6
    assert not any(site in text for site in ("GAATTC", "GGTCTC", "GAGACC"))


def test_a_site_across_the_end_of_the_span_counts() -> None:
    limits = Constraints(forbidden=(parse_pattern("GGTCTC"),))
    inside = encode(b"AAAAAGGTCTCAAAAA")[None]
    assert limits.violations(inside, (7, 9)).tolist() == [1.0]
    assert limits.violations(inside, (13, 15)).tolist() == [0.0]
    assert limits.violations(encode(b"AAAAAGAGACCAAAAA")[None], (7, 9)).tolist() == [1.0]


def test_the_word_of_a_rule_is_completed(toy_zoo: Path) -> None:  # noqa: F811
    plant_rule(toy_zoo)
    start = np.full(LENGTH, 0, np.uint8)
    start[29:35] = encode(b"ACGTTT")
    made = substitute_greedily(numbers, start, (20, 44), lambda x: x, FREE, rounds=5)
    assert FIRST in decode(made.codes)
    assert made.values[1] == SIZES[0]
    # The engine's own numbers, from bases by chance, towards a number that a word reaches.
    found = design(
        open_model("toy"),
        DesignOptions(track="plus", target="low", width=30, rounds=4, n=3, seed=4),
    )
    for one in found.designs:
        assert one.values[-1] == pytest.approx(number(decode(one.codes)), abs=1e-5)
        assert one.values[-1] <= one.values[0]


def test_targets() -> None:
    high, sign = objective_of("high")
    assert (high(np.array([2.0])).tolist(), sign) == ([2.0], 1.0)
    near, neither = objective_of("3")
    assert (near(np.array([2.0, 3.0, 5.0])).tolist(), neither) == ([-1.0, 0.0, -2.0], 0.0)
    with pytest.raises(InputError, match="not a target"):
        objective_of("up")


def test_ctcf_by_substitution_and_judged_by_another() -> None:
    options = DesignOptions(width=40, rounds=3, region="chr21:39,731,801-39,732,000")
    found = design(open_model("ctcf_gm12878"), options, open_model("pwm_ctcf"))
    (one,), ((before, after),) = found.designs, found.judged
    assert (np.diff(one.values) > 0).all()
    assert one.values[-1] > one.values[0] + 1
    assert after != before
    report = found.to_json()["designs"][0]
    assert report["changes"] == 3
    assert report["judge_value"] == after


@pytest.mark.slow
def test_ctcf_by_gradient() -> None:
    options = DesignOptions(
        way="gradient", width=60, rounds=40, l2=0, region="chr21:39,731,801-39,732,000"
    )
    found = design(open_model("ctcf_gm12878"), options)
    (one,) = found.designs
    assert (np.diff(one.values) > 0).all()
    assert one.values[-1] > one.values[0] + 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_gradients_on_a_gpu() -> None:
    model = OpenModel(registry.entry("ctcf_gm12878"), SessionOptions(device="auto", threads=1))
    (one,) = design(model, DesignOptions(way="gradient", rounds=3)).designs
    assert len(one.codes) == len(one.start)


def test_gradients_need_a_network_and_a_direction() -> None:
    with pytest.raises(InputError, match="a graph and no torch network"):
        design(open_model("pwm_ctcf"), DesignOptions(way="gradient"))
    with pytest.raises(InputError, match="gradients lead up or down"):
        design(open_model("ctcf_gm12878"), DesignOptions(way="gradient", target="5"))


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = "design pwm_ctcf --width 30 --rounds 3 -n 2 --max-gc 0.7 --device cpu -o a.fa"
    assert run([*command.split(), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    lines = (tmp_path / "a.fa").read_text().splitlines()
    assert lines[1::2] == [row["sequence"] for row in report["designs"]]
    for row in report["designs"]:
        assert row["value"] > row["start"]
        first, last = report["span"]
        assert sum(base in "CG" for base in row["sequence"][first:last]) <= 21
    assert run(command.split()) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*command.split()[:-1], "a.txt"]) == 2
