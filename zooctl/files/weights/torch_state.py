"""Read the tensors of a PyTorch checkpoint, in a child process that unpickles tensors alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, UnsafeError, need
from zooctl.files.weights.safetensors import metadata_of, read_safetensors

Tensors = dict[str, NDArray[np.float32]]

_CHILD = Path(__file__).with_name("torch_child.py")
_SECONDS = 300
# A second for each so many bytes: the largest checkpoints take long on a busy machine.
_BYTES_A_SECOND = 1_000_000
_SHOWN = 300


class Checkpoint(NamedTuple):
    """A checkpoint of PyTorch.

    Attributes:
        tensors: Float tensors by dotted name.
        values: Texts, numbers, lists and mappings of them, as the sizes of a network.
    """

    tensors: Tensors
    values: dict[str, Any]


def read_state_dicts(checkpoints: Sequence[tuple[bytes, Path]]) -> list[Tensors]:
    """Return the float tensors of checkpoints by name, nested mappings joined by dots.

    The bytes should be verified first. ``torch.load(weights_only=True)`` runs in one child process,
    which needs torch; integers, as counts of batches, are left out.

    Args:
        checkpoints: Content and path, for messages, of each file.

    Raises:
        InputError: torch is not installed, or no process can be started.
        UnsafeError: A file is no checkpoint of tensors, or holds a value that is not finite.
    """
    return [one.tensors for one in read_checkpoints(checkpoints)]


def read_checkpoints(checkpoints: Sequence[tuple[bytes, Path]]) -> list[Checkpoint]:
    """Return the float tensors of checkpoints, and their plain values (see ``read_state_dicts``).

    Raises:
        ZooError: As ``read_state_dicts``.
    """
    need("torch", "reading weights of PyTorch")
    path = checkpoints[0][1]
    sizes = " ".join(str(len(content)) for content, _ in checkpoints)
    n_bytes = sum(len(content) for content, _ in checkpoints)
    try:
        # By file and with -P: nothing of the user's folder or main module is imported.
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", str(_CHILD)],
            input=b"".join([f"{sizes}\n".encode(), *(content for content, _ in checkpoints)]),
            capture_output=True,
            timeout=_SECONDS + n_bytes / _BYTES_A_SECOND,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise UnsafeError("the checkpoint takes too long to read", path=path) from None
    except OSError as error:
        raise InputError("no process can be started", got=error.strerror) from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason"]
        told = next((line for line in reason if "Error: " in line), reason[-1])
        raise UnsafeError(
            "not a checkpoint of tensors alone",
            path=path,
            got=told[:_SHOWN],
            expected="a state dict that torch.load(weights_only=True) reads",
        )
    plain = metadata_of(done.stdout, path)
    found = [Checkpoint({}, json.loads(plain[str(n)])) for n in range(len(checkpoints))]
    for name, values in read_safetensors(done.stdout, path).items():
        number, _, own = name.partition("/")
        found[int(number)].tensors[own] = values
    return found
