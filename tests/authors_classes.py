"""Models of the authors' own classes, made in an environment with their packages.

``ZOOCTL_AUTHORS_ENV`` names the folder of the environments, which are built there if they are
missing; without the variable, they are built for the run. Most packages share one, which sees the
libraries of the tests' own environment, torch among them, and adds the authors' packages without
what else these ask for. gReLU, whose Lightning asks for a hundred more, has one of its own.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.schema.manifest import FileDigest

PACKAGES = (
    *("bpnet-lite==1.1.0", "cherimoya==0.3.1", "borzoi-pytorch==0.5.1"),
    *("enformer-pytorch==0.8.12", "gReLU==1.1.0", "tangermeme==1.6.0", "figwig"),
    *("transformers==4.57.6", "tokenizers==0.22.1", "huggingface-hub<1", "regex", "accelerate"),
    *("discrete-key-value-bottleneck-pytorch", "vector-quantize-pytorch", "einops", "einx"),
    *("torchmetrics", "lightning-utilities", "intervaltree", "sortedcontainers", "pyfaidx"),
    "frozendict",
)
_MAKE = Path(__file__).with_name("authors_checkpoints.py")
# Enformer and Borzoi at full size take minutes of CPU time, and much longer beside other work.
_SECONDS = 4 * 3_600


class Made(NamedTuple):
    """A checkpoint of the authors' class, and what that class predicts.

    Attributes:
        path: The checkpoint.
        inputs: One-hot, ``(n, 4, length)``.
        outputs: By name.
    """

    path: Path
    inputs: NDArray[np.float32]
    outputs: dict[str, NDArray[np.float32]]


@functools.cache
def _folder() -> Path:
    return Path(os.environ.get("ZOOCTL_AUTHORS_ENV") or tempfile.mkdtemp())


@functools.cache
def environment(family: str) -> Path:
    """Return the interpreter of a family, its environment built if it is missing; or skip."""
    own = family == "grelu"
    folder = _folder() / ("grelu" if own else "env")
    python = folder / "bin" / "python"
    if not python.is_file():
        try:
            _call(sys.executable, "-m", "venv", folder)
            _fill_grelu(python) if own else _fill(python)
        except subprocess.CalledProcessError as error:
            tail = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            pytest.skip(f"AUTHORS' PACKAGES MISSING: {' '.join(tail)}")
    return python


def _call(*command: str | Path) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def _fill(python: Path) -> None:
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(_call(python, "-c", where).decode().strip())
    (own / "tests_own.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    _call(python, "-m", "pip", "install", "--no-deps", "--quiet", *PACKAGES)


def _fill_grelu(python: Path) -> None:
    torch = f"torch=={importlib.metadata.version('torch').partition('+')[0]}"
    _call(python, "-m", "pip", "install", "--quiet", torch, "gReLU==1.1.0")


def make(family: str, folder: Path, **options: object) -> Made:
    """Let the authors' class save random weights and predict random sequences.

    Args:
        family: A function of ``authors_checkpoints.py``.
        folder: For its files.
        options: Of that function.
    """
    words = [f"{name}={value!r}" for name, value in options.items()]
    done = subprocess.run(
        [environment(family), _MAKE, family, folder, *words],
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3_000:]
    with np.load(folder / "made.npz") as made:
        found = dict(made)
    return Made(Path(done.stdout.decode().split()[-1]), found.pop("inputs"), found)


def run(model: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run a graph on one thread, ten windows at a time, or one of many bases."""
    is_long = inputs.shape[2] >= 100_000
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    # Gigabytes that nothing reads any more go back at once.
    options.enable_cpu_mem_arena = not is_long
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name, step = session.get_inputs()[0].name, 1 if is_long else 10
    starts = range(0, len(inputs), step)
    return np.concatenate([session.run(None, {name: inputs[at : at + step]})[0] for at in starts])


def one_hot(n: int, length: int, seed: int = 0) -> NDArray[np.float32]:
    """Return random sequences, some bases unknown, as ``(n, 4, length)``."""
    codes = np.random.default_rng(seed).integers(0, 4, (n, length))
    x = np.eye(4, dtype=np.float32)[codes]
    x[0, : length // 10] = 0
    return np.ascontiguousarray(x.transpose(0, 2, 1))


def weights_of(state: Mapping[str, object], **values: object) -> Weights:
    """Return tensors of torch as a checkpoint, as if they had been read from a file."""
    tensors = {name: np.asarray(value, np.float32) for name, value in state.items()}
    return Weights(tensors, values, "a.pt", FileDigest(sha256="0" * 64, size=1))
