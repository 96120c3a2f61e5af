"""Tensors and sizes of a checkpoint: PyTorch, safetensors or HDF5, of a file or of the hub."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.address import parse_address, require_trust
from zooctl.errors import InputError, UnsafeError
from zooctl.files.disk.pinned import digest_of
from zooctl.files.weights.hdf5 import read_tensors
from zooctl.files.weights.safetensors import read_safetensors
from zooctl.files.weights.torch_state import read_checkpoints
from zooctl.inference.adopt.keras_file import read_bounded
from zooctl.inference.graph.parsed_size import MAX_BYTES
from zooctl.schema.manifest import FileDigest

Tensors = Mapping[str, NDArray[np.float32]]

CONFIG = "config.json"
# Files that the library transformers writes with their configuration beside them.
_WITH_CONFIG = ("model.safetensors", "pytorch_model.bin")
_HUB_FILE = re.compile(r"(hf://[^@]+@[0-9a-f]{40})/(.+)")
_MAX_CONFIG = 1_000_000
_STATE_DICT = (
    "import sys, torch; torch.save("
    "torch.load(sys.argv[1], map_location='cpu', weights_only=False).state_dict(), sys.argv[2])"
)


class Weights(NamedTuple):
    """A checkpoint.

    Attributes:
        tensors: Float tensors by name.
        values: Texts, numbers and lists beside them: the sizes of the network, if it has them.
        source: The file or address, as the user named it.
        digest: Of its bytes.
    """

    tensors: Tensors
    values: Mapping[str, Any]
    source: str
    digest: FileDigest

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor.

        Raises:
            InputError: There is none of that name.
        """
        if name not in self.tensors:
            some = ", ".join(list(self.tensors)[:3]) or "no tensor"
            raise InputError(
                "the checkpoint lacks a tensor", path=self.source, got=f"{some}, …", expected=name
            )
        return self.tensors[name].shape

    def renamed(self, tensors: Tensors) -> Weights:
        """Return the checkpoint with other tensors."""
        return self._replace(tensors=tensors)


def read_weights(source: str, *, allow_untrusted: bool = False) -> Weights:
    """Read a checkpoint; nothing of it is run.

    PyTorch is read by ``torch.load(weights_only=True)`` in a child process, HDF5 by h5py; a
    ``model.safetensors`` or ``pytorch_model.bin`` has its sizes in a ``config.json`` beside it.

    Args:
        source: A file, or ``hf://org/repo@<40 hex>/file``.
        allow_untrusted: The user trusts the address.

    Raises:
        InputError: It cannot be read, or a library that reads it is not installed.
        UnsafeError: It is refused; a whole module of PyTorch has a hint that takes its weights out.
        NetworkError: It is neither in the cache nor downloadable.
    """
    path = Path(source.rpartition("/")[2] if source.startswith("hf://") else source)
    content = _bytes(source, allow_untrusted=allow_untrusted)
    digest = FileDigest(sha256=digest_of(content), size=len(content))
    config = _config(source, allow_untrusted=allow_untrusted) if path.name in _WITH_CONFIG else {}
    if path.suffix == ".safetensors":
        found = read_safetensors(content, path)
        tensors = {n: v.astype(np.float32) for n, v in found.items() if v.dtype.kind == "f"}
        return Weights(tensors, config, source, digest)
    if path.suffix in (".h5", ".hdf5", ".keras"):
        return Weights(read_tensors(content, path), {}, source, digest)
    try:
        (read,) = read_checkpoints([(content, path)])
    except UnsafeError as error:
        if error.what == "not a checkpoint of tensors alone":
            out = path.with_suffix(".state.pt")
            mended = shlex.join(["python", "-c", _STATE_DICT, str(path), str(out)])
            error.hint = f"if you trust it, where its package is installed: {mended}"
        raise
    return Weights(read.tensors, {**config, **read.values}, source, digest)


def _bytes(source: str, *, allow_untrusted: bool) -> bytes:
    if not source.startswith("hf://"):
        return read_bounded(Path(source))
    match = _HUB_FILE.fullmatch(source)
    if match is None:
        expected = "hf://org/repo@<40 hex of a commit>/file"
        raise InputError("no address of a file on the hub", got=repr(source), expected=expected)
    place = parse_address(match[1])
    require_trust(place, source, allow_untrusted=allow_untrusted)
    from zooctl.catalog.hub import cache  # the client loads slowly

    return cache.read_unpinned(place, match[2], MAX_BYTES)


def _config(source: str, *, allow_untrusted: bool) -> dict[str, Any]:
    """Return the ``config.json`` beside a file; empty without one."""
    beside = f"{source.rpartition('/')[0]}/{CONFIG}" if "/" in source else CONFIG
    if not source.startswith("hf://") and not Path(beside).is_file():
        return {}
    content = _bytes(beside, allow_untrusted=allow_untrusted)
    try:
        if len(content) > _MAX_CONFIG:
            raise ValueError("too large")
        found = json.loads(content)
        if not isinstance(found, dict):
            raise ValueError("no mapping")
    except ValueError as error:
        raise InputError("not a configuration", path=beside, got=error) from None
    return found
