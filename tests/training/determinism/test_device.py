"""Missing devices and precisions are refused with a hint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from zooctl.errors import InputError
from zooctl.training.determinism.device import check_device, new_fabric


def test_the_processor_is_always_there() -> None:
    fabric = new_fabric("cpu", "32-true")
    assert fabric.device.type == "cpu"
    assert fabric.world_size == 1


def test_a_job_of_slurm_is_a_machine_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a program `srun` nor the variables of a job change or warn of anything."""
    (tmp_path / "srun").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "srun").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    job = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "3", "SLURM_LOCALID": "3"}
    job |= {"SLURM_JOB_NAME": "train", "SLURM_NODEID": "1", "SLURM_NODELIST": "node[1-2]"}
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    fabric = new_fabric("cpu", "32-true")
    assert (fabric.world_size, fabric.global_rank) == (1, 0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_cuda() -> None:
    with pytest.raises(InputError, match=r"CUDA.*--device cpu") as caught:
        check_device("cuda", "32-true")
    assert caught.value.got == f"torch {torch.__version__}"


def test_several_devices_share_the_work() -> None:
    """Processes on the CPU; GPUs are counted."""
    fabric = new_fabric("cpu", "32-true", devices=3)
    assert fabric.strategy.num_processes == 3
    check_device("cpu", "32-true", devices=99)
    if torch.cuda.is_available():
        with pytest.raises(InputError, match="there are fewer CUDA devices"):
            check_device("cuda", "32-true", devices=1 + torch.cuda.device_count())


def test_a_wrong_name() -> None:
    with pytest.raises(InputError, match="did you mean 'cuda'"):
        check_device("cude", "32-true")


def test_half_precision_needs_a_gpu() -> None:
    with pytest.raises(InputError, match="16-mixed needs a CUDA device"):
        check_device("cpu", "16-mixed")
    check_device("cpu", "bf16-mixed")
