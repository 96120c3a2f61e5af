"""The graph of a run predicts as its network does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import toy_training as toy
from safetensors.torch import load_file

from zooctl.errors import InputError
from zooctl.inference.device.session import Session
from zooctl.training.data.windows import choose_windows
from zooctl.training.export.export import torch_predictions, trained_network
from zooctl.training.export.run_graph import graph_of_run
from zooctl.training.loop.fit import fit


def test_graph_of_the_best_epoch(tmp_path: Path) -> None:
    recipe, data = toy.recipe(), toy.dataset()
    with pytest.raises(InputError, match=r"no finished epoch.* -o \S+ --resume"):
        graph_of_run(tmp_path, recipe, data)
    windows = choose_windows(recipe, data)
    fit(recipe, data, windows, tmp_path, device="cpu", say=str, advance=float)
    session = Session(
        graph_of_run(tmp_path, recipe, data),
        geometry=recipe.window.geometry,
        n_tracks=1,
        unknown_base=recipe.unknown_base,
        device="cpu",
    )
    codes = np.random.default_rng(0).integers(0, 5, (6, 64)).astype(np.uint8)
    net = trained_network(recipe, data, load_file(tmp_path / "best.safetensors"))
    expected = torch_predictions(net, codes, recipe.unknown_base)
    np.testing.assert_allclose(session.predict(codes), expected, rtol=1e-5, atol=1e-6)
