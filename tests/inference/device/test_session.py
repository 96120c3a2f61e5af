"""The session: same bits wherever a window stands, honest about device, memory and shapes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from toy_onehot import to_onehot

from zooctl.errors import InputError, UnsafeError, VerificationError
from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.session import Session
from zooctl.sequence.windows import Geometry

GEOMETRY = Geometry(input_length=512, output_length=512, bin_size=32, core_length=256)
Network = Callable[..., bytes]


def session(model: bytes, geometry: Geometry = GEOMETRY, **options: object) -> Session:
    given = {"n_tracks": 2, "unknown_base": 0.25, "device": "cpu", **options}
    return Session(model, geometry=geometry, **given)  # type: ignore[arg-type]


def windows(n: int, seed: int = 0, length: int = 512) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 5, (n, length), dtype=np.uint8)


# Channels, width, layers, head: sizes that send onnxruntime down different kernels.
NETWORKS = [
    (8, 5, 1, "pointwise"),
    (33, 19, 3, "pointwise"),
    (64, 3, 4, "dense"),
    (5, 7, 2, "dense"),
]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("shape", NETWORKS)
def test_bits_depend_on_neither_row_nor_company(
    conv_network: Network, shape: tuple[int, int, int, str], threads: int
) -> None:
    rng = np.random.default_rng(threads)
    for batch_size in (1, 5, 16, 33):
        net = session(conv_network(GEOMETRY, *shape, 1), threads=threads, batch_size=batch_size)
        codes = windows(batch_size)
        expected = net.predict(codes)
        order = rng.permutation(batch_size)
        assert np.array_equal(net.predict(codes[order]), expected[order])
        others = windows(batch_size, seed=2)
        others[order[0]] = codes[order[0]]
        assert np.array_equal(net.predict(others)[order[0]], expected[order[0]])
        # Alone in its batch, and spread over two.
        assert np.array_equal(net.predict(codes[-1:])[0], expected[-1])
        twice = net.predict(np.concatenate((codes[1:], codes)))
        assert np.array_equal(twice[batch_size - 1 :], expected)


@pytest.mark.parametrize("shape", NETWORKS)
def test_batch_size_and_threads_change_rounding_at_most(
    conv_network: Network, shape: tuple[int, int, int, str]
) -> None:
    codes = windows(33)
    model = conv_network(GEOMETRY, *shape, 1)
    first, *rest = [
        session(model, threads=threads, batch_size=size).predict(codes)
        for threads in (1, 2, 3)
        for size in (1, 8, 33)
    ]
    for other in rest:
        assert np.abs(other - first).max() <= 1e-5 * np.abs(first).max()


def test_predicts_what_the_graph_says(linear_network: Network) -> None:
    weights = np.random.default_rng(3).standard_normal((2, 4, 512)).astype(np.float32)
    codes = windows(11)
    expected = np.einsum("ncl,tcl->ntl", to_onehot(codes, 0.25), weights)
    expected = expected.reshape(11, 2, 16, 32).mean(axis=3)
    found = session(linear_network(weights, GEOMETRY), batch_size=4).predict(codes)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_window_is_no_prediction(linear_network: Network) -> None:
    net = session(linear_network(np.ones((2, 4, 512)), GEOMETRY))
    assert net.predict(windows(0)).shape == (0, 2, 16)


def test_defaults(linear_network: Network) -> None:
    net = session(linear_network(np.ones((2, 4, 512)), GEOMETRY), device="auto")
    assert net.threads == default_threads() >= 1
    assert net.batch_size == 256


@pytest.mark.parametrize("option", ["threads", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 10**20])
def test_options_are_bounded(linear_network: Network, option: str, value: int) -> None:
    model = linear_network(np.ones((2, 4, 512)), GEOMETRY)
    with pytest.raises(InputError, match="must be from 1 to"):
        session(model, **{option: value})


def test_graph_is_checked(linear_model: Callable[..., onnx.ModelProto]) -> None:
    model = linear_model(np.ones((2, 4, 512)), GEOMETRY)
    with pytest.raises(VerificationError, match="another shape"):
        session(model.SerializeToString(), n_tracks=1)
    model.graph.node[0].domain = "com.microsoft"
    with pytest.raises(UnsafeError):
        session(model.SerializeToString())


def test_graph_that_onnxruntime_cannot_load(linear_model: Callable[..., onnx.ModelProto]) -> None:
    # The standard has Relu for bfloat16; the CPU provider has not.
    model = linear_model(np.ones((2, 4, 512)), GEOMETRY)
    model.graph.node[-1].output[0] = "wide"
    half, full = onnx.TensorProto.BFLOAT16, onnx.TensorProto.FLOAT
    model.graph.node.extend(
        [
            onnx.helper.make_node("Cast", ["wide"], ["half"], to=half),
            onnx.helper.make_node("Relu", ["half"], ["positive"]),
            onnx.helper.make_node("Cast", ["positive"], ["y"], to=full),
        ]
    )
    with pytest.raises(VerificationError, match=r"onnxruntime cannot load the graph: .*Relu"):
        session(model.SerializeToString())


def test_output_shape_is_checked_as_it_runs(linear_model: Callable[..., onnx.ModelProto]) -> None:
    # What holds for one window need not for two: only running it shows it.
    model = linear_model(np.ones((2, 4, 512)), GEOMETRY)
    model.graph.node[-1].output[0] = "whole"
    model.graph.node.append(onnx.helper.make_node("Reshape", ["whole", "one window"], ["y"]))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 2, -1]), "one window"))
    with pytest.raises(VerificationError, match=r"another shape.*\(1, 2, 64\).*\(4, 2, 16\)"):
        session(model.SerializeToString(), batch_size=2)


def test_interrupt_cuts_a_batch_short(conv_network: Network) -> None:
    """What runs is cut at its next operator, here the next of twelve convolutions."""
    geometry = Geometry(input_length=2048, output_length=2048, bin_size=32, core_length=1024)
    model = conv_network(geometry, 64, 15, 12, "pointwise", 0)
    net = session(model, geometry, batch_size=256)
    failed: list[Exception] = []

    def predict() -> None:
        try:
            net.predict(windows(256, length=2048))
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=predict)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    start = time.monotonic()
    net.interrupt()
    thread.join()
    assert time.monotonic() - start < 5
    assert len(failed) == 1


def run(code: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


OPEN = """
import sys
from zooctl.errors import ZooError
from zooctl.inference.device.session import Session
from zooctl.sequence.windows import Geometry
geometry = Geometry(512, 512, 32, 256)
try:
    net = Session(open("model.onnx", "rb").read(), geometry=geometry, n_tracks=2, unknown_base=0,
                  device=sys.argv[1])
    open("device", "w").write(net.device)
except ZooError as error:
    open("device", "w").write(f"{type(error).__name__}: {error}")
"""


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda"])
def test_opening_says_nothing(linear_network: Network, tmp_path: Path, device: str) -> None:
    (tmp_path / "model.onnx").write_bytes(linear_network(np.ones((2, 4, 512)), GEOMETRY))
    done = run(OPEN, device, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = (tmp_path / "device").read_text()
    if device == "cuda":
        assert found == "cuda" or "InputError: no working CUDA device" in found
    else:
        assert found in ({"cpu"} if device == "cpu" else {"cpu", "cuda"})


@pytest.mark.skipif(sys.platform != "linux", reason="builds a shared library")
def test_driver_without_libraries_is_no_gpu(linear_network: Network, tmp_path: Path) -> None:
    """A driver that claims a GPU, and nothing behind it: silence, and the truth."""
    source = tmp_path / "cuda.c"
    source.write_text(
        "int cuInit(unsigned f) { return 0; }\n"
        "int cuDeviceGetCount(int *n) { *n = 1; return 0; }\n"
        "int cuDriverGetVersion(int *v) { *v = 13000; return 0; }\n"
    )
    library = tmp_path / "libcuda.so.1"
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    except FileNotFoundError:
        pytest.skip("no C compiler")
    (tmp_path / "model.onnx").write_bytes(linear_network(np.ones((2, 4, 512)), GEOMETRY))
    for device, expected in (("auto", "cpu"), ("cuda", "InputError: no working CUDA device")):
        done = subprocess.run(
            [sys.executable, "-c", OPEN, device],
            cwd=tmp_path,
            env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert (tmp_path / "device").read_text().startswith(expected)


STARVE = """
import resource, sys
import numpy as np
from zooctl.errors import ZooError
from zooctl.inference.device.session import Session
from zooctl.sequence.windows import Geometry
size, room = int(sys.argv[1]), int(sys.argv[2])
geometry = Geometry(512, 512, 32, 256)
net = Session(open("model.onnx", "rb").read(), geometry=geometry, n_tracks=2, unknown_base=0,
              device="cpu", threads=1, batch_size=size)
codes = np.random.default_rng(0).integers(0, 5, (size, 512), dtype=np.uint8)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
if room:
    resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
try:
    np.save("predictions.npy", net.predict(codes))
    print("halved" if net.halved else "whole")
except ZooError as error:
    print(f"{error.exit_code} {error}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
def test_memory_that_does_not_suffice(conv_network: Network, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(conv_network(GEOMETRY, 64, 1, 2, "pointwise", 0))
    # A tensor of 64 channels takes 128 KiB a window.
    size, tensor = 1024, 2**27
    assert run(STARVE, str(size), "0", cwd=tmp_path).stdout == "whole\n"
    expected = np.load(tmp_path / "predictions.npy")
    found = set()
    for room in [k * tensor // 2 for k in (1, 2, 3, 4, 5, 6, 8, 10)]:
        (tmp_path / "predictions.npy").unlink(missing_ok=True)
        done = run(STARVE, str(size), str(room), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        if (tmp_path / "predictions.npy").exists():
            assert np.array_equal(np.load(tmp_path / "predictions.npy"), expected)
            found.add(done.stdout.strip())
        else:
            assert done.stdout.startswith("2 not enough memory for a batch of 512 windows")
            assert "MB free" in done.stdout
            # As the hint says: with that many windows it suffices.
            assert "Hint: try --batch-size 128" in done.stdout
            smaller = run(STARVE, "128", str(room), cwd=tmp_path)
            assert smaller.stdout.strip() in ("whole", "halved"), smaller.stdout
            assert (tmp_path / "predictions.npy").exists()
            found.add("refused")
    assert found == {"whole", "halved", "refused"}
