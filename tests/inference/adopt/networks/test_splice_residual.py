"""SpliceAI's architecture against a port in PyTorch with random parameters."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.networks.splice_residual import FORMS, splice_graph


class Unit(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        for half in (1, 2):
            same = dilation * (width - 1) // 2
            setattr(self, f"batchnorm{half}", nn.BatchNorm1d(32))
            conv = nn.Conv1d(32, 32, width, dilation=dilation, padding=same)
            setattr(self, f"conv{half}", conv)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for half in (1, 2):
            y = getattr(self, f"batchnorm{half}")(y)
            y = getattr(self, f"conv{half}")(nn.functional.leaky_relu(y, 0.1))
        return x + y


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(32, 32, 1)


class Port(nn.Module):
    """Padded everywhere, cropped at the end, as the authors write it."""

    def __init__(self, form: int) -> None:
        super().__init__()
        self.form = form
        self.initial_conv = nn.Conv1d(4, 32, 1)
        self.initial_skip = Skip()
        self.residual_units = nn.ModuleList()
        for block in FORMS[form]:
            self.residual_units += [Unit(block.width, block.dilation) for _ in range(block.units)]
            self.residual_units.append(Skip())
        self.final_conv = nn.Conv1d(32, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.initial_conv(x)
        skip = self.initial_skip.conv(x)
        for module in self.residual_units:
            if isinstance(module, Skip):
                skip = skip + module.conv(x)
            else:
                x = module(x)
        cropped = skip[:, :, self.form // 2 : -(self.form // 2)]
        return torch.softmax(self.final_conv(cropped), dim=1)[:, 1:]


def random_port(form: int, seed: int) -> Port:
    torch.manual_seed(seed)
    net = Port(form).eval()
    for name, value in net.named_buffers():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            value.normal_()
    return net


@pytest.mark.parametrize("form", [80, 400])
def test_the_mean_of_two_networks(form: int) -> None:
    nets = {f"rs{seed}.pt": random_port(form, seed) for seed in (1, 2)}
    tensors = {
        f"{file}/{name}": value.numpy()
        for file, net in nets.items()
        for name, value in net.state_dict().items()
        if value.is_floating_point()
    }
    model = put_weights(splice_graph(form, list(nets)), tensors)
    rng = np.random.default_rng(form)
    x = np.eye(4, dtype=np.float32)[rng.integers(0, 4, (2, form + 31))].transpose(0, 2, 1)
    with torch.inference_mode():
        expected = sum(net(torch.from_numpy(x.copy())).numpy() for net in nets.values()) / 2
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {"sequence": np.ascontiguousarray(x)})
    assert got.shape == (2, 2, 31)
    assert np.abs(got - expected).max() < 1e-6
    assert expected.std() > 0.01
