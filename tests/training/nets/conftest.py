"""Measurements that every network is put through."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

torch.set_num_threads(1)

# The exporter's notes on its own use of torch; tests turn every warning into an error.
EXPORTER_NOTES = (DeprecationWarning, FutureWarning, UserWarning)


def one_hot(n: int, length: int, seed: int = 0) -> Tensor:
    """Random sequences as one-hot, ``(n, 4, length)`` float32."""
    codes = torch.randint(4, (n, length), generator=torch.Generator().manual_seed(seed))
    return nn.functional.one_hot(codes, 4).movedim(2, 1).float()


def keras_count(build: Callable[[], nn.Module]) -> tuple[int, int]:
    """Trainable parameters, and the total that Keras prints (running statistics counted too).

    The network is built on the meta device: shapes without memory.
    """
    with torch.device("meta"):
        net = build()
    trainable = sum(p.numel() for p in net.parameters() if p.requires_grad)
    statistics = sum(
        2 * m.num_features for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)
    )
    return trainable, trainable + statistics


def receptive_field(read: Callable[[Tensor], Tensor], net: nn.Module, length: int) -> range:
    """Input positions that can change ``read(x)``, a number read from the output.

    All weights become 1 and all biases 0, so a base that a path reaches only ever adds; the
    ends of the field are then found by bisection from its middle.
    """
    net.double().eval()
    with torch.no_grad():
        for name, value in net.named_parameters():
            value.fill_(0.0 if name.endswith("bias") else 1.0)

    def changes(position: int) -> bool:
        x = torch.zeros(2, 4, length, dtype=torch.float64)
        x[1, :, position] = 1.0
        with torch.no_grad():
            without, with_base = read(x)
        return bool(without != with_base)

    def edge(inside: int, outside: int) -> int:
        while abs(outside - inside) > 1:
            middle = (inside + outside) // 2
            inside, outside = (middle, outside) if changes(middle) else (inside, middle)
        return inside

    middle = length // 2
    assert changes(middle)
    return range(edge(middle, -1), edge(middle, length) + 1)


def onnx_parity(net: nn.Module, *inputs: Tensor) -> float:
    """Largest difference between torch and onnxruntime, relative to the largest output.

    The graph is exported at batch 2 with a free batch axis, and run at the inputs' batch.
    """
    net.eval()
    buffer = io.BytesIO()
    example = tuple(torch.cat([x, x])[:2] for x in inputs)
    batch = torch.export.Dim("batch", min=1, max=4096)
    with warnings.catch_warnings():
        for note in EXPORTER_NOTES:
            warnings.simplefilter("ignore", note)
        program = torch.onnx.export(
            net,
            example,
            dynamo=True,
            dynamic_shapes=tuple({0: batch} for _ in inputs),
            verbose=False,
        )
        assert program is not None
        program.save(buffer)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        buffer.getvalue(), options, providers=["CPUExecutionProvider"]
    )
    names = [node.name for node in session.get_inputs()]
    assert len(names) == len(inputs)
    found = session.run(None, {n: x.numpy() for n, x in zip(names, inputs, strict=True)})
    with torch.no_grad():
        expected = net(*inputs)
    pairs = zip(found, expected if isinstance(expected, tuple) else (expected,), strict=True)
    return max(float(np.abs(f - e.numpy()).max() / e.abs().max()) for f, e in pairs)


class Measurements:
    """Namespace of the functions above, since test folders are no packages to import from."""

    one_hot = staticmethod(one_hot)
    keras_count = staticmethod(keras_count)
    receptive_field = staticmethod(receptive_field)
    onnx_parity = staticmethod(onnx_parity)


@pytest.fixture(scope="session")
def measure() -> type[Measurements]:
    """The measurements."""
    return Measurements
