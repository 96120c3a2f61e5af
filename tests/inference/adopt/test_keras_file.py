"""`zooctl adopt keras`: files as Keras writes them, with random weights, against numpy."""

from __future__ import annotations

import json
from pathlib import Path

import naive_keras
import numpy as np
import pytest

import zooctl
from zooctl.cli.main import run

h5py = pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")

RNG = np.random.default_rng(31)
CONV = {
    "name": "conv",
    "batch_input_shape": [None, 40, 4],
    "filters": 6,
    "kernel_size": [7],
    "strides": [1],
    "padding": "same",
    "dilation_rate": [1],
    "activation": "relu",
    "use_bias": True,
}
POOL = {"name": "pool"}
DENSE = {"name": "dense", "units": 2, "activation": "sigmoid", "use_bias": True}
LAYERS = [("Conv1D", CONV), ("GlobalMaxPooling1D", POOL), ("Dense", DENSE)]
WEIGHTS = {
    "conv/conv/kernel:0": RNG.normal(size=(7, 4, 6)).astype(np.float32),
    "conv/conv/bias:0": RNG.normal(size=6).astype(np.float32),
    "dense/dense/kernel:0": RNG.normal(size=(6, 2)).astype(np.float32),
    "dense/dense/bias:0": RNG.normal(size=2).astype(np.float32),
}


def network(layers: list[tuple[str, dict[str, object]]] = LAYERS) -> str:
    config = [{"class_name": kind, "config": settings} for kind, settings in layers]
    return json.dumps({"class_name": "Sequential", "config": config})


def save(path: Path, architecture: str | None) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights")
        for name, values in WEIGHTS.items():
            group.create_dataset(name, data=values)
        if architecture is not None:
            file.attrs["model_config"] = architecture.encode()
    return path


def expected(x: np.ndarray) -> np.ndarray:
    for kind, config in LAYERS:
        own = {
            name.rsplit("/", 1)[1][:-2]: values.astype(np.float64)
            for name, values in WEIGHTS.items()
            if name.startswith(f"{config['name']}/")
        }
        x = naive_keras.layer(kind, [x], config, own)
    return x


@pytest.fixture
def own_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "zoo/model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "zoo"))
    return tmp_path / "zoo"


OPTIONS = ["--name", "mine", "--assembly", "hg38", "--tracks", "a,b", "--licence", "MIT"]


@pytest.mark.parametrize("beside", [False, True])
def test_a_model_as_keras_saved_it(own_zoo: Path, tmp_path: Path, beside: bool) -> None:
    path = save(tmp_path / "model.h5", None if beside else network())
    more = []
    if beside:
        (tmp_path / "model.json").write_text(network())
        more = ["--architecture", str(tmp_path / "model.json")]
    assert run(["adopt", "keras", str(path), *OPTIONS, "--scale", "probability", *more]) == 0
    model = zooctl.load("mine", device="cpu")
    assert (model.card.input_length, model.card.output_scale) == (40, "probability")
    letters = ["".join(RNG.choice(list("ACGT"), 40)) for _ in range(20)]
    one_hot = np.eye(4)[[["ACGT".index(base) for base in one] for one in letters]]
    assert np.abs(model.predict(letters)[:, :, 0] - expected(one_hot)).max() < 1e-5


def test_code_in_a_layer_is_not_run(
    own_zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [*LAYERS, ("Lambda", {"name": "code", "function": ["4wEAAAA=", None, None]})]
    path = save(tmp_path / "model.h5", network(layers))
    assert run(["adopt", "keras", str(path), *OPTIONS]) == 2
    assert "code: layer of Keras is not known (got Lambda" in capsys.readouterr().err
    assert list((own_zoo / "model_cards").iterdir()) == []


def test_weights_alone(own_zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path / "model.h5", None)
    assert run(["adopt", "keras", str(path), *OPTIONS]) == 2
    assert "the file holds weights without the network" in capsys.readouterr().err
