"""State dicts of a recipe's network become entries that predict as torch does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import toy_training as toy
from authors_classes import one_hot, run
from torch import nn

from zooctl.cli import main
from zooctl.errors import InputError
from zooctl.inference.adopt.families.checkpoint import read_weights
from zooctl.training.export.state_dict import convert_state_dict
from zooctl.training.nets import network_of

RECIPE = toy.recipe(controls=[], sources=toy.recipe().model_dump()["sources"][:1])


def saved(path: Path, beginning: str = "") -> nn.Module:
    torch.manual_seed(3)
    net = network_of(RECIPE)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    torch.save({beginning + name: value for name, value in net.state_dict().items()}, path)
    return net.eval()


@pytest.mark.parametrize("beginning", ["", "model.", "state_dict.module."])
def test_the_entry_predicts_as_torch(tmp_path: Path, beginning: str) -> None:
    net = saved(tmp_path / "a.pt", beginning)
    made = convert_state_dict(read_weights(str(tmp_path / "a.pt")), RECIPE)
    x = one_hot(5, 64)
    with torch.no_grad():
        expected = net.finish(net(torch.from_numpy(x), None)).numpy()
    assert np.allclose(run(made.model, x), expected, rtol=1e-5, atol=1e-6)
    assert expected.std() > 0
    assert [track["name"] for track in made.tracks] == ["toy"]


def test_other_names_and_shapes_are_refused(tmp_path: Path) -> None:
    net = saved(tmp_path / "a.pt")
    state = net.state_dict()
    first = next(iter(state))
    for change in ({first: torch.ones(2)}, {"other": torch.ones(2)}):
        torch.save({**state, **change}, tmp_path / "b.pt")
        with pytest.raises(InputError, match="not of the recipe's network") as caught:
            convert_state_dict(read_weights(str(tmp_path / "b.pt")), RECIPE)
        assert caught.value.field == next(iter(change))
    del state[first]
    torch.save(state, tmp_path / "b.pt")
    with pytest.raises(InputError) as caught:
        convert_state_dict(read_weights(str(tmp_path / "b.pt")), RECIPE)
    assert (caught.value.field, caught.value.got) == (first, "no such tensor")


def test_the_hint_where_the_network_reads_more(tmp_path: Path) -> None:
    saved(tmp_path / "a.pt")
    weights = read_weights(str(tmp_path / "a.pt"))
    for recipe in (toy.recipe(), RECIPE.model_copy(update={"ensemble": (4,)})):
        with pytest.raises(InputError, match="makes no entry of this recipe") as caught:
            convert_state_dict(weights, recipe)
        assert caught.value.hint == "zooctl train and zooctl export make one"


def test_the_command(tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The safetensors of an entry go round: the same network, adopted under another name."""
    (tmp_path / "zoo/model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "zoo"))
    shutil.copy(repo / "zoo/atac_yeast/model.safetensors", tmp_path / "a.safetensors")
    words = ["adopt", "torch", str(tmp_path / "a.safetensors"), "--name", "mine"]
    words += ["--recipe", str(repo / "recipes/atac_yeast.yaml"), "--licence", "MIT"]
    assert main.run(words) == 0
    card = (tmp_path / "zoo/model_cards/mine.yaml").read_text()
    assert "assembly: sacCer3" in card
    x = one_hot(3, int(card.partition("input_length: ")[2].split()[0]))
    theirs, ours = (
        run((root / "zoo" / name / "model.onnx").read_bytes(), x)
        for root, name in ((tmp_path / "zoo", "mine"), (repo, "atac_yeast"))
    )
    assert np.allclose(theirs, ours, rtol=1e-5, atol=1e-6)
