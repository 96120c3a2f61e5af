"""The benchmark of GPUs: without one, and its cells on a CPU that stands in for one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from toy_gpu import StandIn, stand_in

from zooctl.inference.device.machine import count_gpus

__all__ = ["stand_in"]

sys.path.insert(0, str(Path(__file__).parent))
import gpu


@pytest.mark.skipif(count_gpus() > 0, reason="a machine with a GPU measures")
def test_without_a_gpu_it_says_so(repo: Path) -> None:
    command = [sys.executable, str(repo / "tests/benchmarks/gpu.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == gpu.NO_GPU == 2
    assert done.stdout == ""
    assert done.stderr.startswith("not measured: no working CUDA device")


def test_cells(
    stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One model, a moment a cell: every row has a figure, and the commands are left out."""
    monkeypatch.setattr(gpu, "SECONDS", 0.0)
    monkeypatch.setattr(gpu, "MODELS", ("atac_yeast",))
    monkeypatch.setattr(gpu, "_commands", lambda: iter(()))
    assert gpu.main() == 0
    rows = capsys.readouterr().out.splitlines()[3:]
    assert len(rows) == 11
    for row in rows:
        label, figures = row[:58], row[58:].split()
        assert float(figures[0].replace(",", "")) > 0
        if len(figures) == 2:
            bound = 0.02 if "bf16" in label or "fp16" in label else 1e-5
            assert float(figures[1]) <= bound
    assert {one["cudnn_conv1d_pad_to_nc1d"] for one in stand_in.asked} == {"0", "1"}


def test_no_time_left(
    stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "DEADLINE", -1)
    assert gpu.main() == 0
    assert capsys.readouterr().out.count("no time left") == 3 * 11 + 4
