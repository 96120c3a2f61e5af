"""Graphs on a GPU, up to its driver: a CPU stands in for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from toy_gpu import StandIn, stand_in

from zooctl.errors import InputError, VerificationError
from zooctl.inference.device import runtime
from zooctl.inference.device.cuda import BoundRuns, provider_options
from zooctl.inference.device.session import Session
from zooctl.inference.graph.check import compose
from zooctl.inference.graph.front_back import CODES
from zooctl.inference.options.hardware import Hardware, Precision
from zooctl.sequence.windows import Geometry

__all__ = ["stand_in"]

GEOMETRY = Geometry(input_length=512, output_length=512, bin_size=32, core_length=256)
Network = Callable[..., bytes]


def session(model: bytes, device: Any, batch_size: int = 8) -> Session:
    return Session(
        model,
        geometry=GEOMETRY,
        n_tracks=2,
        unknown_base=0.25,
        device=device,
        threads=1,
        batch_size=batch_size,
    )


def windows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 5, (n, 512), dtype=np.uint8)


@pytest.fixture
def network(conv_network: Network) -> bytes:
    return conv_network(GEOMETRY, 16, 7, 3, "pointwise", 1)


@pytest.mark.parametrize(
    ("n_gpus", "device", "on_gpu"),
    [(1, "auto", True), (2, "cuda", True), (1, "cpu", False), (0, "cuda", False)],
)
def test_providers(
    n_gpus: int,
    device: Any,
    on_gpu: bool,
    stand_in: type[StandIn],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "count_gpus", lambda: n_gpus)
    found = runtime._providers(Hardware(device))
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


def test_options_of_precision_and_graphs() -> None:
    usual = provider_options("fp32", False)
    assert provider_options("tf32", False) == usual | {"use_tf32": "1"}
    assert provider_options("bf16", False) == provider_options("fp16", False) == usual
    assert provider_options("fp32", True) == usual | {"enable_cuda_graph": "1"}


def test_a_gpu_predicts_what_the_cpu_does(network: bytes, stand_in: type[StandIn]) -> None:
    """Through bound buffers, whose shapes change with the trial of four windows and its parts."""
    expected = session(network, "cpu").predict(windows(21))
    found = session(network, "auto")
    assert (found.device, found.precision, found.at_once) == ("cuda", "fp32", 2)
    # Two streams: two sessions.
    assert stand_in.asked == 2 * [provider_options("fp32", False)]
    assert np.array_equal(found.predict(windows(21)), expected)
    assert np.array_equal(
        found.predict(windows(3, 1)), session(network, "cpu").predict(windows(3, 1))
    )


def test_two_batches_beside_each_other(network: bytes, stand_in: type[StandIn]) -> None:
    net, given = session(network, "cuda"), [windows(64, seed) for seed in range(8)]
    expected = [session(network, "cpu").predict(codes) for codes in given]
    found: dict[int, np.ndarray] = {}

    def predict(number: int) -> None:
        found[number] = net.predict(given[number])

    threads = [threading.Thread(target=predict, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[number], expected[number]) for number in range(8))


def test_what_a_caller_holds_is_not_overwritten(network: bytes, stand_in: type[StandIn]) -> None:
    graph = runtime.LoadedGraph(runtime_graph(network), "cuda", 1)
    (first,) = graph.run({CODES: windows(4, 1)})
    kept = first.copy()
    for seed in range(2, 6):
        graph.run({CODES: windows(4, seed)})
    assert np.array_equal(first, kept)


def runtime_graph(network: bytes) -> bytes:
    return compose(network, geometry=GEOMETRY, n_tracks=2, unknown_base=0.25)


class Watched:
    """A session that notes the CUDA graph of each run."""

    def __init__(self, session: ort.InferenceSession, options: ort.RunOptions) -> None:
        self._session, self._options = session, options
        self.graphs: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run_with_iobinding(self, binding: ort.IOBinding, options: ort.RunOptions) -> None:
        assert options is self._options
        self.graphs.append(options.get_run_config_entry("gpu_graph_id"))
        self._session.run_with_iobinding(binding, options)


def test_a_shape_is_recorded_once_it_has_buffers(network: bytes, stand_in: type[StandIn]) -> None:
    graph = runtime_graph(network)
    plain = ort.InferenceSession(graph, None, providers=["CPUExecutionProvider"], enable_fallback=0)
    options = ort.RunOptions()
    watched = Watched(plain, options)
    bound = BoundRuns(watched, options, cuda_graphs=True)
    for n in (4, 4, 4, 2, 2, 4):
        codes = windows(n, n)
        (expected,) = plain.run(None, {CODES: codes})
        assert np.array_equal(bound.run({CODES: codes})[0], expected)
    # -1 is a run that is not recorded; each shape has a number of its own.
    assert watched.graphs == ["-1", "0", "0", "-1", "1", "-1"]


@pytest.mark.parametrize(("precision", "least"), [("fp16", 1e-5), ("bf16", 1e-4)])
def test_less_precision(
    precision: Precision, least: float, network: bytes, stand_in: type[StandIn]
) -> None:
    full, net = session(network, "cuda"), session(network, Hardware("cuda", precision))
    assert net.precision == precision
    codes = windows(40)
    expected = full.predict(codes)
    difference = np.abs(net.predict(codes) - expected).max() / np.abs(expected).max()
    assert least < difference < 0.02


def test_more_difference_than_the_card_allows(network: bytes, stand_in: type[StandIn]) -> None:
    with pytest.raises(VerificationError, match=r"bf16 changes predictions too much \(got 0\.00"):
        session(network, Hardware("cuda", "bf16", allowed=1e-5))
    assert session(network, Hardware("cuda", "fp32", allowed=1e-5)).precision == "fp32"


def test_values_beyond_16_bits(linear_network: Network, stand_in: type[StandIn]) -> None:
    """fp16 ends at 65,504; a product of larger numbers is infinite, and not passed on."""
    model = onnx.ModelProto.FromString(linear_network(np.full((2, 4, 512), 1e6), GEOMETRY))
    # An Einsum stays in 32 bits; as a convolution of the whole window it does not.
    model.graph.node[0].CopyFrom(
        onnx.helper.make_node("Conv", ["x", "wide"], ["bases"], kernel_shape=[1])
    )
    wide = np.full((2, 4, 1), 1e6, dtype=np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(wide, "wide"))
    model = model.SerializeToString()
    assert np.isfinite(session(model, "cuda").predict(windows(4))).all()
    with pytest.raises(VerificationError, match=r"fp16 changes predictions too much \(got inf"):
        session(model, Hardware("cuda", "fp16"))
    assert np.isfinite(session(model, Hardware("cuda", "bf16")).predict(windows(4))).all()


@pytest.mark.parametrize(
    ("hardware", "got"),
    [
        (Hardware("auto", "bf16"), "--precision bf16"),
        (Hardware("cpu", "tf32"), "--precision tf32"),
        (Hardware("auto", cuda_graphs=True), "--cuda-graphs"),
    ],
)
def test_a_cpu_has_none_of_it(
    hardware: Hardware, got: str, network: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "count_gpus", lambda: 0)
    with pytest.raises(InputError, match=f"only a CUDA device has it.*got {got}.*leave it out"):
        session(network, hardware)
    assert session(network, hardware.device).device == "cpu"


def test_a_network_that_cannot_be_recorded(
    network: bytes, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(model: bytes, options: Any, *, providers: Any, **more: Any) -> StandIn:
        if "enable_cuda_graph" in providers[0][1]:
            raise RuntimeError("This session cannot use the graph capture feature as requested")
        return StandIn(model, options, providers=providers, **more)

    monkeypatch.setattr(ort, "InferenceSession", refuse)
    with pytest.raises(InputError, match=r"cannot be recorded as a CUDA graph.*leave it out"):
        session(network, Hardware("cuda", cuda_graphs=True))
    assert session(network, Hardware("cuda")).device == "cuda"


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_that_fails(
    device: Any, network: bytes, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver without its libraries: the CPU for ``auto``, an error for ``cuda``."""

    def fail(model: bytes, options: Any, *, providers: Any, **more: Any) -> ort.InferenceSession:
        if len(providers) > 1:
            raise RuntimeError("CUDA failure 36: API call is not supported")
        return StandIn(model, options, providers=providers, **more)

    monkeypatch.setattr(ort, "InferenceSession", fail)
    if device == "auto":
        assert session(network, device).device == "cpu"
    else:
        with pytest.raises(InputError, match="no working CUDA device"):
            session(network, device)


def test_interrupt_ends_both_streams(network: bytes, stand_in: type[StandIn]) -> None:
    graph = runtime.LoadedGraph(runtime_graph(network), "cuda", 1)
    graph.interrupt()
    for _ in range(2):
        with pytest.raises(Exception, match="terminate"):
            graph.run({CODES: windows(4)})
