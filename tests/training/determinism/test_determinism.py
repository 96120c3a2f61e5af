"""Settings of a training run: those of a GPU are made on every machine, though none was here."""

from __future__ import annotations

import os

import pytest
import torch

from zooctl.training.determinism.determinism import pin


def test_the_settings_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """cuDNN may not choose by time, and what has no deterministic form is an error."""
    threads = torch.get_num_threads()
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("medium")
    pin(threads)
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cudnn.benchmark
    assert torch.get_float32_matmul_precision() == "highest"
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
