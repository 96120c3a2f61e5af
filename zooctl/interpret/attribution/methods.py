"""Methods of attribution that an entry allows, known without torch."""

from __future__ import annotations

from zooctl.catalog.entry import SAFETENSORS
from zooctl.inference.model import OpenModel
from zooctl.interpret.options import Method


def has_network(model: OpenModel) -> bool:
    """Return whether an entry has a recipe and safetensors, so that gradients can be computed."""
    pinned = model.entry.manifest().files
    return model.entry.recipe_path is not None and f"zoo/{model.entry.name}/{SAFETENSORS}" in pinned


def default_method(model: OpenModel) -> Method:
    """Return DeepLIFT for an entry with a recipe and safetensors, else mutagenesis."""
    return "deeplift" if has_network(model) else "ism"
