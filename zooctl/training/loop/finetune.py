"""Initial weights: copied from trained ones, frozen, or new; and the optimiser of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor, nn

from zooctl.catalog import registry
from zooctl.catalog.entry import SAFETENSORS
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import InputError, IntegrityError
from zooctl.files.weights.safetensors import checked
from zooctl.progress import Say
from zooctl.schema.explain import nearest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.training import InitFrom

# An entry's network may be wrapped, to read the sequence alone or to predict probabilities.
_WRAPPED = "net."


@dataclass(frozen=True)
class InitialWeights:
    """Names of weights, as in the safetensors file.

    Attributes:
        copied: Those copied from trained weights.
        frozen: Those that training leaves as they are.
    """

    copied: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()


def initialise(recipe: Recipe, net: nn.Module, say: Say) -> InitialWeights:
    """Copy the recipe's initial weights into a new network, and freeze those that it freezes.

    Args:
        recipe: With ``init_from`` and ``frozen``.
        net: Changed in place.
        say: Takes a line with the number of weights copied.

    Raises:
        InputError: No weight fits, a pattern matches nothing, or nothing is left to train.
        IntegrityError: The weights are not those that the recipe pins.
    """
    copied: frozenset[str] = frozenset()
    if recipe.network.key == "trunk_head" and recipe.init_from is not None:
        say(f"init_from: a head on the trunk of {recipe.init_from.model}, which stays as it is")
    elif recipe.init_from is not None:
        new = matching(recipe.init_from.new, net, "init_from.new")
        copied = copy_weights(net, read_weights(recipe.init_from), new)
        parameters = sorted({name for name, _ in net.named_parameters()} - copied)
        say(f"init_from: took over {len(copied)} weights; new: {', '.join(parameters) or 'none'}")
    frozen = matching(recipe.frozen, net, "frozen")
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name not in frozen)
    if not any(parameter.requires_grad for parameter in net.parameters()):
        raise InputError("nothing is left to train", field="frozen", got=", ".join(recipe.frozen))
    return InitialWeights(copied, frozen)


def read_weights(init: InitFrom) -> dict[str, Tensor]:
    """Read the tensors of a model of the zoo or of a file.

    Raises:
        InputError: They are not there.
        UnsafeError: They are no safetensors (see ``files.weights.safetensors.checked``).
        IntegrityError: Their digest is not the one that the recipe pins.
    """
    if init.model is not None:
        entry = registry.entry(init.model)
        path = (entry.folder or Path(init.model)) / SAFETENSORS
        data = verified_bytes(entry, SAFETENSORS)
    else:
        path = Path(init.file or "")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(
                "cannot be read", path=path, field="init_from.file", got=error.strerror
            ) from None
    digest = hashlib.sha256(data).hexdigest()
    if init.sha256 is not None and digest != init.sha256:
        raise IntegrityError(
            "weights to begin with are not those that the recipe pins",
            path=path,
            field="init_from.sha256",
            got=digest,
            expected=init.sha256,
        )
    return dict(load(checked(data, path)))


def copy_weights(net: nn.Module, tensors: dict[str, Tensor], new: frozenset[str]) -> frozenset[str]:
    """Copy the tensors whose name and shape fit, except ``new``; return their names.

    Raises:
        InputError: None fits.
    """
    own = net.state_dict()
    copied = set()
    for source, tensor in tensors.items():
        name = source
        while name not in own and name.startswith(_WRAPPED):
            name = name.removeprefix(_WRAPPED)
        if name in own and name not in new and own[name].shape == tensor.shape:
            own[name].copy_(tensor)
            copied.add(name)
    if not copied:
        raise InputError(
            "no weight has the name and shape of one of the network's",
            field="init_from",
            got=", ".join(list(tensors)[:3]),
            expected=", ".join(list(own)[:3]),
        )
    return frozenset(copied)


def matching(patterns: Iterable[str], net: nn.Module, field: str) -> frozenset[str]:
    """Return the weights that patterns name: single ones, or layers with all below them.

    Raises:
        InputError: A pattern matches nothing; the nearest name is in the hint.
    """
    names = list(net.state_dict())
    matched = set()
    for index, pattern in enumerate(patterns):
        hits = [n for n in names if fnmatchcase(n, pattern) or fnmatchcase(n, f"{pattern}.*")]
        if not hits:
            layers = {name.rsplit(".", depth)[0] for name in names for depth in (1, 2, 3)}
            known = sorted(layers | set(names))
            top = ", ".join(dict.fromkeys(name.split(".")[0] for name in names))
            raise InputError(
                "no weight or layer of the network has this name",
                field=f"{field}.{index}",
                got=pattern,
                expected=f"below {top}",
                hint=nearest(pattern, known),
            )
        matched.update(hits)
    return frozenset(matched)


def frozen_modules(net: nn.Module, frozen: frozenset[str]) -> list[nn.Module]:
    """Return the modules whose own weights are all frozen, to be kept in evaluation mode.

    Otherwise batch normalisation would go on updating its averages, which are weights too.
    """
    modules = []
    for prefix, module in net.named_modules():
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        names = {f"{prefix}.{name}" if prefix else name for name, _ in own}
        if names and names <= frozen:
            modules.append(module)
    return modules


def new_optimiser(recipe: Recipe, net: nn.Module, start: InitialWeights) -> torch.optim.Optimizer:
    """Return the recipe's optimiser over the weights that are trained.

    ``lr_factor`` of a group of weights is its factor of the current learning rate.
    """
    trained = [(name, p) for name, p in net.named_parameters() if p.requires_grad]
    new = [p for name, p in trained if name not in start.copied]
    old = [p for name, p in trained if name in start.copied]
    factor = 1.0 if recipe.init_from is None else recipe.init_from.lr_factor
    groups = [{"params": new, "lr_factor": 1.0}, {"params": old, "lr_factor": factor}]
    return _optimiser(recipe, [group for group in groups if group["params"]])


def _optimiser(recipe: Recipe, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    values = recipe.optimiser
    # The other form calls MKL's square root, whose bits differ between processors.
    fused = True if recipe.portable else None
    common: dict[str, Any] = {"lr": values.lr, "weight_decay": values.weight_decay}
    if values.key == "sgd":
        momentum: dict[str, Any] = {"momentum": values.momentum, "nesterov": values.nesterov}
        return torch.optim.SGD(groups, **common, **momentum)
    if values.key == "rmsprop":
        means: dict[str, Any] = {"alpha": values.decay, "momentum": values.momentum}
        return torch.optim.RMSprop(groups, **common, **means, eps=values.eps)
    kind = torch.optim.Adam if values.key == "adam" else torch.optim.AdamW
    return kind(groups, **common, betas=values.betas, eps=values.eps, fused=fused)
