"""Graphs loaded by onnxruntime on a device, silently, and its errors as ours."""

from __future__ import annotations

import contextlib
import io
import queue
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import onnxruntime as ort
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError, ZooError
from zooctl.inference.device.cuda import PROVIDER, BoundRuns, provider_options
from zooctl.inference.device.machine import check_threads, count_gpus, refusal
from zooctl.inference.graph.lower_precision import lower_precision
from zooctl.inference.options.hardware import Hardware, On, Precision

VERSION: str = ort.__version__
"""Version of onnxruntime."""

_SILENT = 4  # onnxruntime's log severity "fatal"
_OUT_OF_MEMORY = re.compile(
    r"bad.?alloc|failed to allocate|out of memory|alloc_failed|cuda failure 2\b", re.IGNORECASE
)
_NO_THREAD = re.compile(r"pthread|thread creation|resource temporarily unavailable", re.IGNORECASE)
_NO_GRAPH = re.compile("graph capture feature")
# Batches on a GPU at once: one is copied while another is computed.
_STREAMS = 2


class LoadedGraph:
    """A graph on a device.

    Args:
        model: Serialised ONNX model, checked or of our own.
        device: ``auto`` takes a CUDA device where onnxruntime can work with one, else the CPU.
        threads: CPU threads.
        at_once: Runs that callers start side by side, which share the threads.

    Attributes:
        device: ``cpu`` or ``cuda``, as it really runs.
        precision: Arithmetic of convolutions and products.
        at_once: Runs to start side by side; on a GPU two, so that one copies while one computes.

    Raises:
        InputError: ``cuda`` was asked for and does not work here; what only a GPU has was asked
            for, and there is none; or not enough memory or threads.
        VerificationError: onnxruntime cannot load it.
    """

    def __init__(self, model: bytes, device: On, threads: int, *, at_once: int = 1) -> None:
        wanted = Hardware.of(device)
        self._options = [ort.RunOptions()]
        check_threads(threads)
        if wanted.precision in ("bf16", "fp16") and _has_gpu(wanted):
            model = lower_precision(model, wanted.precision)
        self._session = _open(model, wanted, threads // at_once)
        on_gpu = PROVIDER in self._session.get_providers()
        self.device: Literal["cpu", "cuda"] = "cuda" if on_gpu else "cpu"
        self.precision: Precision = wanted.precision
        self.at_once = _STREAMS if on_gpu else at_once
        if not on_gpu:
            _require_no_gpu(wanted)
            return
        sessions = [self._session]
        # A recorded graph belongs to one session, whose runs cannot overlap.
        sessions += [_open(model, wanted, threads // at_once) for _ in range(_STREAMS - 1)]
        self._options = [ort.RunOptions() for _ in sessions]
        self._free: queue.SimpleQueue[BoundRuns] = queue.SimpleQueue()
        for session, options in zip(sessions, self._options, strict=True):
            self._free.put(BoundRuns(session, options, cuda_graphs=wanted.cuda_graphs))

    def interrupt(self) -> None:
        """Make the run in another thread, and every later one, fail at once."""
        for options in self._options:
            options.terminate = True

    def run(self, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the graph on inputs as they are, and return its outputs.

        Raises:
            MemoryError: Not enough memory.
            VerificationError: onnxruntime cannot run it.
        """
        try:
            return self._run(feed)
        except Exception as error:
            if _OUT_OF_MEMORY.search(str(error)):
                raise MemoryError from error
            if self._options[0].terminate:
                raise
            raise _broken("run", error) from error

    def _run(self, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        if self.device == "cpu":
            outputs: list[NDArray[Any]] = self._session.run(None, dict(feed), self._options[0])
            return outputs
        bound = self._free.get()
        try:
            return bound.run(feed)
        finally:
            self._free.put(bound)


def _has_gpu(wanted: Hardware) -> bool:
    """Return whether a GPU is wanted and there.

    onnxruntime's own list names all providers that were compiled in, and asking for one that cannot
    work here logs errors.
    """
    compiled_in = PROVIDER in ort.get_available_providers()
    return wanted.device != "cpu" and compiled_in and count_gpus() > 0


def _require_no_gpu(wanted: Hardware) -> None:
    """Refuse what only a GPU has."""
    if wanted.device == "cuda":
        raise InputError(
            "no working CUDA device",
            got="--device cuda",
            hint="onnxruntime-gpu needs an NVIDIA driver, CUDA 13 and cuDNN 9; "
            "--device auto takes the CPU",
        )
    if wanted.options:
        raise InputError(
            "only a CUDA device has it, and the network runs on the CPU",
            got=wanted.options,
            expected="a working CUDA device",
            hint="leave it out",
        )


def _open(model: bytes, wanted: Hardware, threads: int) -> ort.InferenceSession:
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
        providers = _providers(wanted)
        try:
            return _load(model, options, providers)
        except Exception as error:
            if _NO_GRAPH.search(str(error)):
                what = "the network cannot be recorded as a CUDA graph"
                raise InputError(what, got="--cuda-graphs", hint="leave it out") from error
            if len(providers) == 1 or wanted.options or _OUT_OF_MEMORY.search(str(error)):
                raise _refused(error, threads) from error
        try:
            return _load(model, options, providers[-1:])
        except Exception as error:
            raise _refused(error, threads) from error


def _load(
    model: bytes, options: ort.SessionOptions, providers: Sequence[Any]
) -> ort.InferenceSession:
    """Load a graph, without onnxruntime's own way to the CPU, which is silent as it runs."""
    return ort.InferenceSession(model, options, providers=providers, enable_fallback=0)


def _refused(error: Exception, threads: int) -> ZooError:
    if _OUT_OF_MEMORY.search(str(error)):
        return InputError("not enough memory to load the network")
    return refusal(threads) if _NO_THREAD.search(str(error)) else _broken("load", error)


def _broken(what: str, error: Exception) -> VerificationError:
    reason = str(error).strip().splitlines()[0]
    return VerificationError(f"onnxruntime cannot {what} the graph: {reason}")


def _providers(wanted: Hardware) -> list[str | tuple[str, dict[str, str]]]:
    """Return the execution providers to ask for: CUDA only where there is a GPU."""
    if not _has_gpu(wanted):
        return ["CPUExecutionProvider"]
    ort.preload_dlls()
    options = provider_options(wanted.precision, wanted.cuda_graphs)
    return [(PROVIDER, options), "CPUExecutionProvider"]
