"""Folders in Kipoi's form: real ones of the mirror, and PyTorch's networks against torch."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from authors_classes import one_hot, run
from torch import nn

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.cli import main
from zooctl.errors import InputError, IntegrityError, UnsafeError
from zooctl.inference.adopt.families.kipoi import read_kipoi

Captured = pytest.CaptureFixture[str]

YAML = """type: pytorch
args:
  module_file: model.py
  module_obj: model
  weights: {{md5: {md5}, url: "https://example.org/files/weights.pth?download=1"}}
default_dataloader:
  defined_as: kipoiseq.dataloaders.SeqIntervalDl
  default_args: {{alphabet_axis: 0, dummy_axis: 2, dtype: np.float32}}
info:
  authors: [{{name: A. Author, github: a}}]
  cite_as: https://doi.org/10.1101/gr.200535.115
  doc: Accessible
    regions.
  license: MIT
  name: Basset
  trained_on: All but chr9.
schema:
  inputs: {{name: seq, shape: "(4, 600, 1)", special_type: DNASeq}}
  targets: {{name: DHS_probs, shape: "(3, )", column_labels: [labels.txt]}}
"""


class Threshold(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.threshold(x, 0, 1e-6)


def lively(network: nn.Sequential) -> nn.Sequential:
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


def basset(filters: tuple[int, int, int] = (6, 5, 4)) -> nn.Sequential:
    a, b, c = filters
    return lively(
        nn.Sequential(
            *(nn.Conv2d(4, a, (19, 1)), nn.BatchNorm2d(a), nn.ReLU(), nn.MaxPool2d((3, 1))),
            *(nn.Conv2d(a, b, (11, 1)), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d((4, 1))),
            *(nn.Conv2d(b, c, (7, 1)), nn.BatchNorm2d(c), nn.ReLU(), nn.MaxPool2d((4, 1))),
            nn.Flatten(),
            *(nn.Linear(10 * c, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Dropout()),
            *(nn.Linear(9, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout()),
            *(nn.Linear(8, 3), nn.Sigmoid()),
        )
    )


def deepsea() -> nn.Sequential:
    return lively(
        nn.Sequential(
            *(nn.Conv2d(4, 5, (1, 8)), Threshold(), nn.MaxPool2d((1, 4))),
            *(nn.Conv2d(5, 4, (1, 8)), Threshold(), nn.MaxPool2d((1, 4))),
            *(nn.Conv2d(4, 3, (1, 8)), Threshold(), nn.Flatten()),
            *(nn.Linear(3 * 28, 7), Threshold(), nn.Linear(7, 3), nn.Sigmoid()),
        )
    )


def folder_of(root: Path, network: object, text: str = YAML) -> Path:
    (root / "model_files").mkdir(parents=True)
    torch.save(network, root / "model_files/weights.pth")
    md5 = hashlib.md5((root / "model_files/weights.pth").read_bytes()).hexdigest()
    (root / "model.yaml").write_text(text.format(md5=md5))
    (root / "labels.txt").write_text("K562\nHepG2 (a)\nk562\n")
    return root


def test_basset(tmp_path: Path) -> None:
    network = basset()
    made = read_kipoi(folder_of(tmp_path / "Basset", network.state_dict()))
    x = one_hot(4, 600)
    with torch.no_grad():
        expected = network(torch.from_numpy(x)[:, :, :, None]).numpy()
    assert np.allclose(run(made.converted.model, x)[:, :, 0], expected, atol=1e-6)
    assert [track["name"] for track in made.converted.tracks] == ["K562", "HepG2_a_", "k562_3"]
    assert (made.converted.scale, made.licence) == ("probability", "MIT")
    facts = made.converted.facts
    assert facts["authors"] == ["A. Author"]
    assert facts["intended_use"] == "Accessible regions."
    assert facts["reasons"]["split"] == "All but chr9."


def test_deepsea_is_the_mean_of_both_strands(tmp_path: Path) -> None:
    network = deepsea()
    text = YAML.replace("(4, 600, 1)", "(4, 1, 608)")
    made = read_kipoi(folder_of(tmp_path / "DeepSEA", network.state_dict(), text))
    x = one_hot(4, 608)
    ordered = torch.from_numpy(x[:, [0, 2, 1, 3]])  # A, G, C, T
    other = torch.from_numpy(np.ascontiguousarray(x[:, ::-1, ::-1][:, [0, 2, 1, 3]]))
    with torch.no_grad():
        expected = [network(one[:, :, None]).numpy() for one in (ordered, other)]
    assert np.allclose(run(made.converted.model, x)[:, :, 0], sum(expected) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (("type: pytorch", "type: sklearn"), "not a kind of model that is data"),
        (("SeqIntervalDl", "MMSpliceDl"), "the dataloader is not plain one-hot"),
        (("alphabet_axis: 0", "alphabet: ACGU"), "another alphabet"),
        (("(4, 600, 1)", "(5, 600)"), "no one-hot sequence of one length"),
        (('shape: "(3, )", ', ""), "the targets have no shape"),
        (("  weights:", "  weight:"), "a file is missing"),
        (("weights.pth?", "others.pth?"), "a file of the model is not here"),
        (("{{md5: {md5}, ", '{{md5: "{md5}0", '), "another file"),
        (("[labels.txt]", "[../../../labels.txt]"), "leads out of the model's group"),
    ],
)
def test_what_is_refused(tmp_path: Path, change: tuple[str, str], match: str) -> None:
    assert change[0] in YAML
    folder = folder_of(tmp_path / "a/b/c", basset().state_dict(), YAML.replace(*change))
    with pytest.raises((InputError, IntegrityError), match=match):
        read_kipoi(folder)


def test_the_hint_of_a_missing_file(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", basset().state_dict())
    (folder / "model_files/weights.pth").rename(tmp_path / "weights.pth")
    with pytest.raises(InputError) as caught:
        read_kipoi(folder)
    target = str(caught.value.hint).removeprefix("download it to ")
    shutil.copy(tmp_path / "weights.pth", target)
    read_kipoi(folder)


def test_other_networks_of_pytorch_are_not_known(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv1d(4, 2, 5), nn.Flatten(), nn.Linear(8, 3))
    with pytest.raises(InputError, match="not a network of PyTorch that is known"):
        read_kipoi(folder_of(tmp_path / "a", network.state_dict()))
    with pytest.raises(UnsafeError, match="not a checkpoint of tensors alone"):
        read_kipoi(folder_of(tmp_path / "b", network))


@pytest.fixture
def own_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "zoo/model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "zoo"))
    return tmp_path / "zoo"


def test_mpra_dragonn_of_kipoi(mirror: Path, own_zoo: Path, tmp_path: Path) -> None:
    """The folder that its authors sent to Kipoi, against the entry of the zoo."""
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    source = mirror / "weights/mpra_dragonn"
    folder = tmp_path / "MPRA-DragoNN/ConvModel"
    (folder / "model_files").mkdir(parents=True)
    shutil.copy(source / "mpra_dragonn_conv.yaml", folder / "model.yaml")
    shutil.copy(source / "mpra_dragonn_conv.json", folder / "model_files/model.json")
    shutil.copy(source / "mpra_dragonn_conv.hdf5", folder / "model_files/pretrained.hdf5")
    words = ["adopt", "kipoi", str(folder), "--name", "mine", "--assembly", "hg19"]
    assert main.run(words) == 0
    x = one_hot(8, 145)
    theirs = run((own_zoo / "zoo/mine/model.onnx").read_bytes(), x)
    entry = registry.entry("mpra_dragonn")
    ours = run(onnx_bytes(entry, may_download=False), x)
    assert theirs.shape == (8, 12, 1)
    assert np.allclose(theirs.reshape(ours.shape), ours, rtol=1e-5, atol=1e-6)
    card = (own_zoo / "model_cards/mine.yaml").read_text()
    assert "licence: MIT" in card
    assert "chr8 validation, chr18 test" in card


def test_without_a_licence_one_is_asked_for(
    tmp_path: Path, own_zoo: Path, capsys: Captured
) -> None:
    text = YAML.replace("license: MIT", "license: Mine")
    folder = folder_of(tmp_path / "m", basset().state_dict(), text)
    words = ["adopt", "kipoi", str(folder), "--name", "mine", "--assembly", "hg19"]
    assert main.run(words) == 2
    assert "--licence, as MIT" in capsys.readouterr().err
    assert main.run([*words, "--licence", "MIT", "--tracks", "a,b,c"]) == 0
    assert "name: a\n" in (own_zoo / "model_cards/mine.yaml").read_text()
