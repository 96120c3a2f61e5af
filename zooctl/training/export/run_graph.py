"""The network of a run as a graph, for evaluation without an entry of the zoo."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file

from zooctl.errors import InputError
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.export.export import export, trained_network
from zooctl.training.loop.run_folder import resume_hint


def graph_of_run(run: Path, recipe: Recipe, dataset: Dataset) -> bytes:
    """Return the best epoch of a run as ONNX.

    Args:
        run: Folder with ``best.safetensors``.
        recipe: Of the run.
        dataset: Of the run; a control is fixed to its training mean.

    Raises:
        InputError: The run has no finished epoch.
    """
    weights = run / "best.safetensors"
    if not weights.exists():
        raise InputError("run has no finished epoch", path=run, hint=resume_hint(run))
    net = trained_network(recipe, dataset, load_file(weights))
    return export(net, recipe, dataset.trunk).onnx
