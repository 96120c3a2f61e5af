"""The child process in which torch reads state dicts, run as a script by ``files.weights``.

It imports nothing of zooctl. ``torch.load`` with ``weights_only`` runs an unpickler that knows
tensors and plain containers alone; a fault in it stays in this process. Arrays of numpy, which
training software keeps its scores in, are neither read nor made.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import torch
from safetensors.torch import save


class LeftOut:
    """Stands for what may lie beside tensors and is left out: arrays of numpy, as scores."""

    def __init__(self, *parts: object) -> None:
        """Take any arguments, and keep none."""

    def __setstate__(self, state: object) -> None:
        """Take any state, and keep none."""


# Of numpy 1 and 2. No code of numpy runs: the unpickler makes a LeftOut in place of each.
_LEFT_OUT = [
    "numpy.ndarray",
    "numpy.dtype",
    *(
        f"numpy.{core}.multiarray.{made}"
        for core in ("core", "_core")
        for made in ("_reconstruct", "scalar")
    ),
]

# State of a training beside Lightning's state dict, some of it under names of any kind.
_OF_TRAINING = ("callbacks", "loops", "optimizer_states", "lr_schedulers")


def tensors_of(state: Any, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the float tensors of nested mappings by their dotted names."""
    for name, value in state.items():
        if isinstance(value, torch.Tensor):
            if value.is_floating_point():
                # A copy of its own: tensors that share memory cannot be saved.
                yield f"{prefix}{name}", value.detach().to(torch.float32).clone().contiguous()
        elif isinstance(value, dict):
            yield from tensors_of(value, f"{prefix}{name}.")


def plain_values(state: Any, depth: int = 8) -> Any:
    """Return what of a checkpoint JSON holds: texts, numbers, lists and mappings of them."""
    if depth and isinstance(state, dict):
        found = {str(name): plain_values(value, depth - 1) for name, value in state.items()}
        return {name: value for name, value in found.items() if value is not _NOT_PLAIN}
    if depth and isinstance(state, (list, tuple)):
        values = [plain_values(value, depth - 1) for value in state]
        return [value for value in values if value is not _NOT_PLAIN]
    return state if isinstance(state, (str, bool, int, float, type(None))) else _NOT_PLAIN


_NOT_PLAIN = object()


def main() -> None:
    """Read checkpoints from stdin, and write their float tensors to stdout as safetensors.

    The first line is their lengths in bytes; names begin with the number of the checkpoint, and
    the metadata have its plain values.
    """
    torch.serialization.add_safe_globals([(LeftOut, name) for name in _LEFT_OUT])
    tensors: dict[str, torch.Tensor] = {}
    plain: dict[str, str] = {}
    for number, length in enumerate(map(int, sys.stdin.buffer.readline().split())):
        content = io.BytesIO(sys.stdin.buffer.read(length))
        state = torch.load(content, weights_only=True, map_location="cpu")
        if not isinstance(state, dict):
            raise TypeError(f"a {type(state).__name__}, not a mapping of names to tensors")
        if "pytorch-lightning_version" in state:
            state = {name: value for name, value in state.items() if name not in _OF_TRAINING}
        tensors |= {f"{number}/{name}": value for name, value in tensors_of(state)}
        plain[str(number)] = json.dumps(plain_values(state))
    sys.stdout.buffer.write(save(tensors, metadata=plain))


if __name__ == "__main__":
    main()
