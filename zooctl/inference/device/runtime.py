"""Graphs loaded by onnxruntime on a device, silently, and its errors as ours."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping
from typing import Any, Literal

import onnxruntime as ort
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.inference.device.machine import check_threads, count_gpus, refusal
from zooctl.inference.options.predict_and_score import Device

VERSION: str = ort.__version__
"""Version of onnxruntime."""

_SILENT = 4  # onnxruntime's log severity "fatal"
_OUT_OF_MEMORY = re.compile(
    r"bad.?alloc|failed to allocate|out of memory|alloc_failed|cuda failure 2\b", re.IGNORECASE
)
_NO_THREAD = re.compile(r"pthread|thread creation|resource temporarily unavailable", re.IGNORECASE)
# TF32 keeps 10 bits of each factor; a searched convolution algorithm may change from run to run.
# cuDNN convolves along two axes: one of length 1 is put before that of positions, not behind it.
# Its gain was not measured.
_CUDA_OPTIONS = {
    "use_tf32": "0",
    "cudnn_conv_algo_search": "HEURISTIC",
    "cudnn_conv1d_pad_to_nc1d": "1",
}


class LoadedGraph:
    """A graph on a device.

    Args:
        model: Serialised ONNX model, checked or of our own.
        device: ``auto`` takes a CUDA device where onnxruntime can work with one, else the CPU.
        threads: CPU threads.
        at_once: Runs that callers start side by side, which share the threads.

    Attributes:
        device: ``cpu`` or ``cuda``, as it really runs.
        at_once: Runs to start side by side; on a GPU two, so that one copies while one computes.

    Raises:
        InputError: ``cuda`` was asked for and does not work here; or not enough memory or threads.
        VerificationError: onnxruntime cannot load it.
    """

    def __init__(self, model: bytes, device: Device, threads: int, *, at_once: int = 1) -> None:
        self._options = ort.RunOptions()
        check_threads(threads)
        self._session = _open(model, device, threads // at_once)
        on_gpu = "CUDAExecutionProvider" in self._session.get_providers()
        self.device: Literal["cpu", "cuda"] = "cuda" if on_gpu else "cpu"
        self.at_once = min(2, at_once) if on_gpu else at_once
        if device == "cuda" and not on_gpu:
            raise InputError(
                "no working CUDA device",
                got="--device cuda",
                hint="onnxruntime-gpu needs an NVIDIA driver, CUDA 13 and cuDNN 9; "
                "--device auto takes the CPU",
            )

    def interrupt(self) -> None:
        """Make the run in another thread, and every later one, fail at once."""
        self._options.terminate = True

    def run(self, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the graph on inputs as they are, and return its outputs.

        Raises:
            MemoryError: Not enough memory.
            VerificationError: onnxruntime cannot run it.
        """
        try:
            outputs: list[NDArray[Any]] = self._session.run(None, dict(feed), self._options)
        except Exception as error:
            if _OUT_OF_MEMORY.search(str(error)):
                raise MemoryError from error
            if self._options.terminate:
                raise
            raise _broken("run", error) from error
        return outputs


def _open(model: bytes, device: Device, threads: int) -> ort.InferenceSession:
    """Load a graph; nothing is printed."""
    ort.set_default_logger_severity(_SILENT)
    options = ort.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    # Idle workers that spin would take the cores from the thread that reads the genome.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # onnxruntime reports trouble with CUDA by print().
    with contextlib.redirect_stdout(io.StringIO()):
        providers = _providers(device)
        try:
            return ort.InferenceSession(model, options, providers=providers)
        except Exception as error:
            if _OUT_OF_MEMORY.search(str(error)):
                raise InputError("not enough memory to load the network") from error
            if _NO_THREAD.search(str(error)):
                raise refusal(threads) from error
            raise _broken("load", error) from error


def _broken(what: str, error: Exception) -> VerificationError:
    reason = str(error).strip().splitlines()[0]
    return VerificationError(f"onnxruntime cannot {what} the graph: {reason}")


def _providers(device: Device) -> list[str | tuple[str, dict[str, str]]]:
    """Return the execution providers to ask for: CUDA only where there is a GPU.

    onnxruntime's own list names all that were compiled in, and asking for one that cannot work
    here logs errors.
    """
    compiled_in = "CUDAExecutionProvider" in ort.get_available_providers()
    if device == "cpu" or not compiled_in or not count_gpus():
        return ["CPUExecutionProvider"]
    ort.preload_dlls()
    return [("CUDAExecutionProvider", _CUDA_OPTIONS), "CPUExecutionProvider"]
