"""The torch network of an entry, with one number out, and every activation a module.

Rules of DeepLIFT are attached to modules. Networks also call activations as functions, so these
calls are passed on to modules while the network runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from zooctl.catalog.entry import SAFETENSORS
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import InputError
from zooctl.inference.device.machine import default_threads
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.attribution.methods import has_network
from zooctl.interpret.attribution.target import TrackTarget
from zooctl.training.export.published import published_network
from zooctl.training.nets.parts.control import ConstantControl
from zooctl.training.nets.parts.layers import Exp
from zooctl.training.nets.parts.network import Finished


class LogOdds(nn.Module):
    """Log odds of probabilities, kept within what float32 can tell from 0 and 1."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.logit(x, eps=1e-6)


def _softmax(x: Tensor, dim: int, *_: Any, **__: Any) -> nn.Module:
    return nn.Softmax(dim)


def _always(kind: Callable[[], nn.Module]) -> Callable[..., nn.Module]:
    def make(*_: Any, **__: Any) -> nn.Module:
        return kind()

    return make


_MODULES: Mapping[Any, Callable[..., nn.Module]] = {
    functional.relu: _always(nn.ReLU),
    torch.relu: _always(nn.ReLU),
    functional.softplus: _always(nn.Softplus),
    functional.gelu: _always(nn.GELU),
    functional.silu: _always(nn.SiLU),
    functional.logsigmoid: _always(nn.LogSigmoid),
    torch.sigmoid: _always(nn.Sigmoid),
    torch.tanh: _always(nn.Tanh),
    torch.exp: _always(Exp),
    torch.softmax: _softmax,
}


class _CallModules(TorchFunctionMode):
    """While entered, calls of activations go to modules, the same ones in every run."""

    def __init__(self, steps: nn.ModuleList) -> None:
        super().__init__()
        self._steps, self._called = steps, 0

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        make = _MODULES.get(func)
        if make is None:
            return func(*args, **(kwargs or {}))
        if self._called == len(self._steps):
            self._steps.append(make(*args, **(kwargs or {})))
        step = self._steps[self._called]
        self._called += 1
        return step(args[0])


class Explained(nn.Module):
    """A network whose output is the number of a target.

    Args:
        net: From ``(n, 4, input_length)`` to ``(n, n_tracks, n_bins)``.
        target: Track and scale of the number.
        has_logits: The tracks are log odds already.
    """

    def __init__(self, net: nn.Module, target: TrackTarget, has_logits: bool = False) -> None:
        super().__init__()
        self.net = net
        self.track = target.track
        self.last = LogOdds() if target.log_odds and not has_logits else nn.Identity()
        self.steps = nn.ModuleList()

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return numbers ``(n, 1)``.

        Args:
            x: One-hot ``(n, 4, input_length)``.
            weights: Of the bins, ``(n, n_bins)``.
        """
        with _CallModules(self.steps):
            tracks = self.net(x)
        number = (tracks[:, self.track] * weights).sum(dim=1, keepdim=True)
        return cast(Tensor, self.last(number))

    def settle(self, input_length: int, n_bins: int) -> None:
        """Run once, so that all activations have their modules before rules are attached."""
        # With a gradient, because a network may compute its counts differently then.
        x = torch.zeros(1, 4, input_length, requires_grad=True)
        self(x, torch.zeros(1, n_bins))


def open_network(model: OpenModel, target: TrackTarget) -> Explained:
    """Return the network of an entry with the number of a target as its output, on its device.

    Raises:
        InputError: The entry has a graph alone, or its network reads more than the sequence.
        ZooError: Its weights are not those of its manifest.
    """
    entry, card = model.entry, model.card
    if not has_network(model):
        raise InputError(
            f"{entry.name} has a graph and no torch network, so no gradients",
            field="method",
            expected="ism, which needs predictions alone",
        )
    torch.set_num_threads(model.options.threads or default_threads())
    net = published_network(entry.recipe(), verified_bytes(entry, SAFETENSORS))
    if net is None:
        raise InputError(f"{entry.name} reads more than the sequence", field="method")
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    has_logits = target.log_odds and _end_before_sigmoid(net)
    explained = Explained(net, target, has_logits)
    explained.settle(card.input_length, card.geometry.n_bins)
    return explained.eval().to(torch_device(model.options))


def _end_before_sigmoid(net: nn.Module) -> bool:
    """Let a network of one logit a track return it, and return whether it is one."""
    finished = net.net if isinstance(net, ConstantControl) else net
    assert isinstance(finished, Finished)
    inner = finished.net
    if inner.output != "logit" or inner.n_bins != 1:
        return False
    inner.output = "value"
    return True


def torch_device(options: SessionOptions) -> torch.device:
    """Return the device of a session's options, for torch.

    Raises:
        InputError: ``cuda`` was asked for and torch has none.
    """
    if options.device == "cuda" and not torch.cuda.is_available():
        raise InputError("torch finds no CUDA device", field="device", got="cuda", expected="cpu")
    use = options.device != "cpu" and torch.cuda.is_available()
    return torch.device("cuda" if use else "cpu")


def device_of(net: Explained) -> torch.device:
    """Return the device of a network; that of the CPU for one without parameters."""
    first = next(net.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def randomise(layers: Iterable[nn.Module], seed: int) -> None:
    """Draw the weights of layers anew from their own values, in another order.

    Biases and running means stay, so that the scale of activations does.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in layers:
        weight = getattr(layer, "weight", None)
        if isinstance(weight, Tensor) and weight.dim() > 1:
            with torch.no_grad():
                order = torch.randperm(weight.numel(), generator=generator)
                weight.copy_(weight.flatten()[order.to(weight.device)].reshape(weight.shape))
