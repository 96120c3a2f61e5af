"""`zooctl adopt` of checkpoints, as typed: an entry whose card says what is known."""

from __future__ import annotations

from pathlib import Path

import pyBigWig
import pytest
import torch
from toy_families import bpnet_state, cherimoya_state

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty zoo, the only one, and the folder we are in."""
    root = tmp_path / "zoo root"
    (root / "model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: root)
    monkeypatch.chdir(tmp_path)
    return root


def adopt(family: str, checkpoint: str, *more: str) -> int:
    facts = ("--name", "mine", "--assembly", "hg38", "--licence", "MIT", "--force")
    return run(["adopt", family, checkpoint, *facts, *more])


def test_a_bpnet(zoo: Path, tmp_path: Path, capsys: Captured) -> None:
    torch.save(bpnet_state(6, 2, 2, 2), "bpnet.pt")
    options = ("--output-length", "40", "--target", "CTCF", "--tracks", "up,down")
    assert adopt("bpnet-lite", "bpnet.pt", *options) == 0
    out, err = capsys.readouterr()
    card = zoo / "model_cards/mine.yaml"
    assert out.splitlines() == [str(card), str(zoo / "zoo/mine")]
    assert "reads 146 bp, predicts the 40 bp in its middle in bins of 1 bp" in err
    text = card.read_text()
    for line in (
        "target: CTCF",
        "assay: ChIP-seq",
        "strand: +",
        "- up",
        "output_scale: signal",
        "Was trained with 2 control tracks",
    ):
        assert line in text
    Path("a.fa").write_text(">chr1\n" + "ACGTTGCAAC" * 40 + "\n")
    region = ["--region", "chr1:1-200", "--fasta", "a.fa", "-o", "a.bw", "--track", "up"]
    assert run(["predict", "--model", "mine", *region]) == 0
    with pyBigWig.open("a.bw") as track:
        assert track.intervals("chr1")[100][2] > 0
    assert adopt("bpnet-lite", "bpnet.pt", "--output-length", "40", "--tracks", "a") == 2
    assert "another number of tracks (got 1; expected 2)" in capsys.readouterr().err


def test_a_chrombpnet_and_a_cherimoya(zoo: Path, capsys: Captured) -> None:
    parts = bpnet_state(4, 2, 1, 0, "accessibility.") | bpnet_state(4, 1, 1, 0, "bias.")
    torch.save(parts, "chrombpnet.pt")
    short = ("--output-length", "30", "--biosample", "K562")
    assert adopt("chrombpnet", "chrombpnet.pt", *short, "--head", "counts", "--with-bias") == 0
    text = (zoo / "model_cards/mine.yaml").read_text()
    assert "bin_size: 30" in text
    assert "output_scale: log" in text
    assert "with the enzyme's bias" in text
    assert "TO BE WRITTEN" in text.partition("authors")[2]
    Path("ENCSR000EOT").mkdir()
    torch.save(cherimoya_state([1], 0), "ENCSR000EOT/cherimoya.fold_0.torch")
    assert adopt("cherimoya", "ENCSR000EOT/cherimoya.fold_0.torch", *short) == 0
    text = (zoo / "model_cards/mine.yaml").read_text()
    assert "accession: ENCSR000EOT" in text
    assert "target:" not in text
    capsys.readouterr()
    assert adopt("cherimoya", "chrombpnet.pt") == 2
    assert "not a checkpoint of Cherimoya" in capsys.readouterr().err
