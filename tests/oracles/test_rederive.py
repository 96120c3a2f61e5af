"""The figures of a card, and scores of variants, are found again without the program's code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from oracles import rederive


class Flat:
    """Stands for onnxruntime's session; a graph that predicts 0 everywhere."""

    def __init__(self, n_values: int) -> None:
        self.n_values = n_values

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="x"), SimpleNamespace(name="signals")]

    def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [np.zeros((len(inputs["x"]), self.n_values), np.float32)]


# Labels, and a small genome, are counted in seconds.
QUICK = {"atac_yeast", "brain_cell_types", "ctcf_dream", "ctcf_new_cell"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name in rederive.MODELS
    ],
)
def test_the_judged_bins_are_as_many_as_the_card_says(
    name: str, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    judged = rederive.MODELS[name]
    network = rederive.Network(name)
    n_bins = network.output // network.bin
    monkeypatch.setattr(network, "_session", Flat(len(network.card["tracks"]) * n_bins))
    (bins,) = rederive.judge(network, replace(judged, tracks=judged.tracks[:1]))
    track = network.card["tracks"][0]["name"]
    metrics = [one for one in network.card["metrics"] if one.get("track") == track]
    (auprc,) = (one for one in metrics if one["name"] == "auprc")
    assert auprc["n"] == len(bins.positive)
    stated = re.search(r"prevalence is (0\.\d+)", auprc["definition"])
    assert stated is not None
    digit = 10.0 ** -len(stated[1].partition(".")[2])
    assert float(stated[1]) == pytest.approx(bins.positive.mean(), abs=0.6 * digit)


def test_signals_of_windows_and_of_alleles_by_hand() -> None:
    signals = np.arange(1, 7, dtype=np.float32)[None]
    found = rederive.stretches(signals, [-2, 2, 5], 3)
    assert found is not None
    assert found[:, 0].tolist() == [[0, 0, 1], [3, 4, 5], [6, 0, 0]]
    assert rederive.stretches(None, [0], 3) is None
    changes = {
        "SNV": (2, 1, 1, [1, 2, 3, 4, 5, 6]),
        "insertion before 3": (2, 0, 2, [1, 2, 2, 2, 3, 4, 5, 6]),
        "deletion of 3": (2, 1, 0, [1, 2, 4, 5, 6]),
        "longer": (2, 1, 3, [1, 2, 3, 3, 3, 4, 5, 6]),
        "shorter": (2, 3, 2, [1, 2, 3, 4, 6]),
    }
    for kind, (at, n_ref, n_alt, expected) in changes.items():
        assert rederive.with_allele(signals[None], at, n_ref, n_alt)[0, 0].tolist() == expected, (
            kind
        )


def test_yeast_is_found_again(repo: Path, mirror: Path) -> None:
    found = subprocess.run(
        [sys.executable, "tests/oracles/rederive.py", "atac_yeast", "--alleles", "5"],
        capture_output=True,
        text=True,
        cwd=repo,
        env=os.environ | {"ZOOCTL_DATA_MIRROR": str(mirror)},
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count("atac_yeast") == 5


@pytest.mark.slow
def test_all_are_found_again(repo: Path, mirror: Path) -> None:
    found = subprocess.run(
        [sys.executable, "tests/oracles/rederive.py"],
        capture_output=True,
        text=True,
        cwd=repo,
        env=os.environ | {"ZOOCTL_DATA_MIRROR": str(mirror)},
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_it_shares_no_code_with_the_program(repo: Path) -> None:
    text = (repo / "tests/oracles/rederive.py").read_text()
    assert "import zooctl" not in text
    assert "from zooctl" not in text
