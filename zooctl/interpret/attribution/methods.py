"""Methods of attribution that an entry allows, known without torch."""

from __future__ import annotations

from zooctl.catalog.entry import SAFETENSORS
from zooctl.inference.model import OpenModel
from zooctl.interpret.options import Method


def has_network(model: OpenModel) -> bool:
    """Return whether an entry has a recipe and safetensors of all weights, for gradients."""
    entry = model.entry
    if entry.recipe_path is None or f"zoo/{entry.name}/{SAFETENSORS}" not in entry.manifest().files:
        return False
    return entry.recipe().network.key != "trunk_head"


def default_method(model: OpenModel) -> Method:
    """Return DeepLIFT for an entry with a recipe and safetensors, else mutagenesis."""
    return "deeplift" if has_network(model) else "ism"
