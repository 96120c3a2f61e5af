"""What onnxruntime is asked for on a machine with a GPU; here the GPU itself is a stand-in."""

from __future__ import annotations

import onnxruntime as ort
import pytest

from zooctl.inference.device import runtime


@pytest.mark.parametrize(
    ("n_gpus", "device", "on_gpu"),
    [(1, "auto", True), (2, "cuda", True), (1, "cpu", False), (0, "cuda", False)],
)
def test_providers(n_gpus: int, device: str, on_gpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled_in = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: compiled_in)
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    monkeypatch.setattr(runtime, "count_gpus", lambda: n_gpus)
    found = runtime._providers(device)  # type: ignore[arg-type]
    assert found[-1] == "CPUExecutionProvider"
    assert len(found) == 1 + on_gpu
    if on_gpu:
        # Full precision, the same algorithm in every run, and fast convolutions along one axis.
        assert found[0] == (
            "CUDAExecutionProvider",
            {
                "use_tf32": "0",
                "cudnn_conv_algo_search": "HEURISTIC",
                "cudnn_conv1d_pad_to_nc1d": "1",
            },
        )


def test_two_runs_at_once_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stub:
        def __init__(self, providers: list[str]) -> None:
            self._providers = providers

        def get_providers(self) -> list[str]:
            return self._providers

    for provider, expected in (("CUDAExecutionProvider", 2), ("CPUExecutionProvider", 4)):
        session = Stub([provider])
        monkeypatch.setattr(runtime, "_open", lambda *_, session=session: session)
        assert runtime.LoadedGraph(b"", "auto", 8, at_once=4).at_once == expected
