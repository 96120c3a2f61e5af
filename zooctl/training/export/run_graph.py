"""The network of a run as a graph, to be judged without becoming an entry of the zoo."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file

from zooctl.errors import InputError
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.export.export import export, other_inputs, trained_network


def graph_of_run(run: Path, recipe: Recipe, dataset: Dataset) -> bytes:
    """Return the best epoch of a run as ONNX.

    Args:
        run: Folder with ``best.safetensors``.
        recipe: Of the run.
        dataset: Its data; a control is fixed to its mean there.

    Raises:
        InputError: The run has no finished epoch.
    """
    weights = run / "best.safetensors"
    if not weights.exists():
        raise InputError("run has no finished epoch", path=run, hint="zooctl train --resume")
    net = trained_network(recipe, dataset, load_file(weights))
    return export(net, recipe.window.input_length, other_inputs(recipe)).onnx
