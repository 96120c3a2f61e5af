"""Every model of the zoo is pushed, pulled from there alone, and is what it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_server import TOKEN, Hub
from safetensors.numpy import load

from zooctl.catalog import registry
from zooctl.catalog.root import model_names
from zooctl.catalog.weights import onnx_bytes, verified_bytes
from zooctl.cli.main import run
from zooctl.inference.device.session import Session
from zooctl.training.determinism.portable import PINS

# The hub's client uploads in a way that the library below it is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

NAMES = [name for name in model_names() if registry.entry(name).folder is not None]
Captured = pytest.CaptureFixture[str]


def copy_zoo(repo: Path, root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zoo of one model, with the lock files, as a clone has them; ZOOCTL_ZOO points to it."""
    for folder, pattern in (("model_cards", f"{name}.*"), ("recipes", "*.yaml")):
        (root / folder).mkdir(parents=True)
        for path in (repo / folder).glob(pattern):
            shutil.copy(path, root / folder)
    shutil.copytree(repo / "zoo" / name, root / "zoo" / name)
    for path in repo.glob("requirements*.lock"):
        shutil.copy(path, root)
    if (repo / "recipes/data").is_dir():
        (root / "recipes/data").symlink_to(repo / "recipes/data")
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    # Else `reproduce` of a portable model would begin this process again.
    for variable, value in PINS.items():
        monkeypatch.setenv(variable, value)


def probe_predictions(address: str) -> np.ndarray:
    """What an entry predicts for its probe."""
    entry = registry.entry(address, allow_untrusted=True)
    card = entry.card()
    network = Session(
        onnx_bytes(entry),
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device="cpu",
        threads=1,
    )
    return network.predict(load(verified_bytes(entry, "probe.safetensors"))["inputs"])


def reproduced(model: str, report: Path, *options: str) -> dict[str, Any]:
    """The report of a verification, which must hold."""
    assert run(["reproduce", model, "--mode", "verify", "--report", str(report), *options]) == 0
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["status"] for one in report["criteria"]}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "atac_yeast" else pytest.mark.slow) for n in NAMES]
)
def test_publish_pull_predict_reproduce(
    name: str,
    repo: Path,
    hub: Hub,
    tmp_path: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    root = tmp_path / "zoo"
    copy_zoo(repo, root, name, monkeypatch)
    weights = registry.entry(name).card().weights
    assert weights is not None
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with monkeypatch.context() as patch:
        if weights.origin is not None:
            patch.setenv("ZOOCTL_DATA_MIRROR", str(request.getfixturevalue("mirror")))
        before = probe_predictions(name)
        first = reproduced(name, tmp_path / "before.json")
        capsys.readouterr()
        assert run(["push", name, "--repo", f"org/{name}", "--no-dry-run"]) == 0
    revision = capsys.readouterr().out.strip()
    # From here on there are card, recipe and manifest, an empty cache, and the hub.
    for path in (root / "zoo" / name).rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            path.unlink()
    for folder in ("home", "hf"):
        shutil.rmtree(tmp_path / folder, ignore_errors=True)
    monkeypatch.setenv("ZOOCTL_OFFLINE", "0")
    pulled = reproduced(name, tmp_path / "pulled.json")
    assert statuses(pulled) == statuses(first)
    assert statuses(pulled)["B2"] == "pass"
    assert pulled["predictions"] == first["predictions"] != []
    assert {one["equivalence"] for one in pulled["predictions"]} <= {"bitwise", "numeric"}
    assert pulled["subjects"].keys() == first["subjects"].keys()
    assert pulled["weights"] == first["weights"]
    asked = len(hub.asked)
    assert run(["pull", name]) == 0
    assert run(["check", name]) == 0
    assert "not looked at" not in capsys.readouterr().out
    assert np.array_equal(probe_predictions(name), before)
    assert run(["report", "verify", str(tmp_path / "pulled.json")]) == 0
    assert len(hub.asked) == asked
    address = f"hf://org/{name}@{revision}"
    assert run(["check", address, "--allow-untrusted"]) == 0
    assert np.array_equal(probe_predictions(address), before)
    assert run(["reproduce", address]) == 6
    by_address = reproduced(address, tmp_path / "address.json", "--allow-untrusted")
    assert statuses(by_address)["B2"] == "pass"
    assert by_address["predictions"] == first["predictions"]
