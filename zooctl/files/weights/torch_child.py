"""The child process in which torch reads state dicts, run as a script by ``files.weights``.

It imports nothing of zooctl. ``torch.load`` with ``weights_only`` runs an unpickler that knows
tensors and plain containers alone; a fault in it stays in this process.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import torch
from safetensors.torch import save


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
    tensors: dict[str, torch.Tensor] = {}
    plain: dict[str, str] = {}
    for number, length in enumerate(map(int, sys.stdin.buffer.readline().split())):
        content = io.BytesIO(sys.stdin.buffer.read(length))
        state = torch.load(content, weights_only=True, map_location="cpu")
        if not isinstance(state, dict):
            raise TypeError(f"a {type(state).__name__}, not a mapping of names to tensors")
        tensors |= {f"{number}/{name}": value for name, value in tensors_of(state)}
        plain[str(number)] = json.dumps(plain_values(state))
    sys.stdout.buffer.write(save(tensors, metadata=plain))


if __name__ == "__main__":
    main()
