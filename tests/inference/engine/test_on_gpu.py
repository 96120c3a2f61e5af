"""Predictions and scores on a GPU that a CPU stands in for, through the graphs of the engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_gpu import StandIn, stand_in

import zooctl
from zooctl.cli.main import run

__all__ = ["stand_in"]

NAME = "ctcf_gm12878"
REGION = "chr21:33,000,001-33,040,000"
VARIANTS = ["chr21:33949059 G>A", "chr21:34017857:T:A", "chr21:34094401 G>GT"]


def test_bits_of_the_cpu(stand_in: type[StandIn], repo: Path) -> None:
    cpu, gpu = (zooctl.load(NAME, device=device, threads=1) for device in ("cpu", "cuda"))
    assert np.array_equal(gpu.predict_region(REGION).values, cpu.predict_region(REGION).values)
    assert stand_in.asked
    expected, found = (model.score(VARIANTS) for model in (cpu, gpu))
    assert [row.score for row in found] == [row.score for row in expected]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_scores_in_16_bits(precision: str, stand_in: type[StandIn]) -> None:
    full = zooctl.load(NAME, device="cuda", threads=1)
    less = zooctl.load(NAME, device="cuda", threads=1, precision=precision)  # type: ignore[arg-type]
    expected, found = (model.score(VARIANTS) for model in (full, less))
    values, others = (np.array([row.ref_value for row in rows]) for rows in (expected, found))
    difference = np.abs(values - others).max() / values.max()
    assert 1e-6 < difference < 0.02


@pytest.mark.parametrize("options", [["--precision", "bf16"], ["--cuda-graphs"]])
def test_command_without_a_gpu(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", "--model", NAME, "--region", REGION, "--device", "cpu", *options]
    assert run([*words, "-o", str(tmp_path / "out.bw")]) == 2
    said = capsys.readouterr().err
    assert (
        f"error: only a CUDA device has it, and the network runs on the CPU (got {options[0]}"
        in said
    )
    assert not (tmp_path / "out.bw").exists()


def test_command_says_the_precision(
    stand_in: type[StandIn], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", "--model", NAME, "--region", REGION, "--precision", "bf16", "--cuda-graphs"]
    assert run([*words, "-o", str(tmp_path / "out.bw")]) == 0
    assert "device: cuda, bf16\n" in capsys.readouterr().err
    assert {one.get("enable_cuda_graph") for one in stand_in.asked} >= {"1"}
