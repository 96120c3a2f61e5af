"""`zooctl adopt` as typed: from a file to an entry that is checked and predicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pyBigWig
import pytest

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]
Graph = Callable[..., bytes]

COUNTS = np.array([[9, 1, 0, 0], [0, 0, 9, 1], [0, 9, 0, 1]])

JASPAR = """>MA0001.1 toy
A  [ 9 0 0 ]
C  [ 1 0 9 ]
G  [ 0 9 0 ]
T  [ 0 1 1 ]
"""
HOCOMOCO = ">TOY_HUMAN.H11MO.0.A\n9 1 0 0\n0 0 9 1\n0 9 0 1\n"
MEME = """MEME version 4

ALPHABET= ACGT

MOTIF toy
letter-probability matrix: alength= 4 w= 3 nsites= 10
0.9 0.1 0 0
0 0 0.9 0.1
0 0.9 0 0.1
"""


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty zoo, the only one, and the folder we are in."""
    root = tmp_path / "zoo root"
    (root / "model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: root)
    monkeypatch.chdir(tmp_path)
    return root


def adopt(*more: str) -> int:
    return run(
        [
            *("adopt", "onnx", "model.onnx", "--name", "mine", "--assembly", "hg38"),
            *("--tracks", "plus,minus", "--licence", "MIT", *more),
        ]
    )


def write_what_is_missing(card: Path) -> None:
    """Do what a person does: every text that stands for one to come gets one."""
    text = card.read_text()
    assert text.count("TO BE WRITTEN") == 15
    card.write_text(text.replace("TO BE WRITTEN", "known now"))


def genome(folder: Path) -> Path:
    path = folder / "genome.fa"
    path.write_text(">chr1\n" + "ACGTTGCAAC" * 20 + "AGC" + "T" * 97 + "\n")
    return path


def test_a_genome_that_is_not_pinned_is_said(zoo: Path, toy_graph: Graph, capsys: Captured) -> None:
    Path("model.onnx").write_bytes(toy_graph())
    assert adopt("--bin-size", "8") == 0
    assert "no pinned genome" not in capsys.readouterr().err
    assert adopt("--bin-size", "8", "--assembly", "foo", "--force") == 0
    err = capsys.readouterr().err
    assert "zooctl has no pinned genome foo (only hg38, hg19, sacCer3): users must name its" in err


def test_an_onnx_file(zoo: Path, tmp_path: Path, toy_graph: Graph, capsys: Captured) -> None:
    Path("model.onnx").write_bytes(toy_graph())
    assert adopt("--bin-size", "8", "--unknown-base", "0.25") == 0
    out, err = capsys.readouterr()
    card = zoo / "model_cards/mine.yaml"
    assert out.splitlines() == [str(card), str(zoo / "zoo/mine")]
    assert err.splitlines()[0].startswith("reads 64 bp, predicts the 32 bp in its middle")
    assert "to be written in the card: title, authors.0, tracks.0.assay" in err
    assert (zoo / "zoo/mine/model.onnx").read_bytes() == toy_graph(), "it is copied as it is"

    assert run(["check", "mine"]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 15
    assert all("still to be written" in line for line in lines)
    write_what_is_missing(card)
    assert run(["check", "mine"]) == 3
    assert "Hint: zooctl check --stamp mine" in capsys.readouterr().err
    assert run(["check", "--stamp", "mine"]) == 0
    assert run(["check", "--all"]) == 0
    assert run(["list"]) == 0
    assert run(["info", "mine"]) == 0
    capsys.readouterr()

    genome(tmp_path)
    region = ["--region", "chr1:1-200", "--fasta", "genome.fa", "-o", "a.bw", "--track", "plus"]
    assert run(["predict", "--model", "mine", *region]) == 0
    with pyBigWig.open("a.bw") as track:
        # Bases weigh 1 to 4 by A, C, G, T; 8 of them are averaged.
        assert track.values("chr1", 40, 41) == [sum(map(int, "12344321")) / 8]


def test_lengths_that_are_taken_for_granted(zoo: Path, toy_graph: Graph, capsys: Captured) -> None:
    Path("model.onnx").write_bytes(toy_graph())
    assert adopt() == 0
    assert (
        "taken for granted: 4 bins are the 64 bp that it reads; else --bin-size"
        in capsys.readouterr().err
    )
    Path("model.onnx").write_bytes(toy_graph(input_length=62))
    assert adopt("--force") == 2
    assert "bins do not fill the input (got 4 bins, 62 bp)" in capsys.readouterr().err


def test_what_is_there_is_kept(zoo: Path, toy_graph: Graph, capsys: Captured) -> None:
    Path("model.onnx").write_bytes(toy_graph())
    assert adopt() == 0
    before = (zoo / "model_cards/mine.yaml").read_bytes()
    assert adopt("--scale", "log") == 2
    assert "there is such a model already" in capsys.readouterr().err
    assert (zoo / "model_cards/mine.yaml").read_bytes() == before
    assert adopt("--scale", "log", "--force") == 0
    assert "output_scale: log" in (zoo / "model_cards/mine.yaml").read_text()


def hostile(model: onnx.ModelProto, case: str) -> None:
    match case:
        case "domain":
            model.graph.node[0].domain = "evil"
        case "external":
            tensor = model.graph.initializer[0]
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="../secret")
        case "opset":
            model.opset_import[0].version = 7
        case "function":
            model.functions.add(name="f", domain="")
        case "not finite":
            weights = np.full((2, 4), np.nan, dtype=np.float32)
            model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights, "weights"))


@pytest.mark.parametrize(
    ("case", "code", "message"),
    [
        ("domain", 6, "an operator is outside of the ONNX standard (got Einsum of evil"),
        ("external", 6, "keeps its data outside of the ONNX file"),
        ("opset", 6, "operator set is not supported (got 7"),
        ("function", 6, "brings functions"),
        ("not finite", 3, "numbers that are not finite"),
    ],
)
def test_refusals(
    zoo: Path, toy_graph: Graph, capsys: Captured, case: str, code: int, message: str
) -> None:
    model = onnx.load_from_string(toy_graph())
    hostile(model, case)
    Path("model.onnx").write_bytes(model.SerializeToString())
    assert adopt("--bin-size", "8") == code
    err = capsys.readouterr().err
    assert message in err
    assert "error: model.onnx: " in err
    assert sorted(path.name for path in zoo.rglob("*")) == ["model_cards"], "nothing was written"


def test_bad_options(zoo: Path, toy_graph: Graph, capsys: Captured) -> None:
    assert adopt() == 2
    assert "model.onnx: cannot be read" in capsys.readouterr().err
    Path("model.onnx").write_bytes(toy_graph())
    assert adopt("--licence", "GPL") == 2
    assert (
        "\nerror: licence: not one of the accepted values (got 'GPL'; expected Apache-2.0, "
        in capsys.readouterr().err
    )
    assert adopt("--name", "Mine") == 2
    assert "\nerror: name: " in capsys.readouterr().err
    assert adopt("--tracks", "one") == 2
    assert "the output is no batch of 1 track" in capsys.readouterr().err
    assert not any((zoo / "model_cards").iterdir())


@pytest.mark.parametrize(
    ("text", "motif", "options", "name"),
    [
        (JASPAR, "MA0001.1", ["--target", "TOY"], "pwm_toy"),
        (HOCOMOCO, "TOY_HUMAN.H11MO.0.A", [], "pwm_toy_human.h11mo.0.a"),
        (MEME, "toy", ["--licence", "CC0-1.0", "--name", "box"], "box"),
    ],
)
def test_a_motif(
    zoo: Path,
    tmp_path: Path,
    capsys: Captured,
    text: str,
    motif: str,
    options: list[str],
    name: str,
) -> None:
    Path("motifs.txt").write_text(text)
    lengths = ["--bin-size", "4", "--output-length", "64"]
    assert run(["adopt", "pwm", "motifs.txt", "--motif", motif, *options, *lengths]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == str(zoo / f"model_cards/{name}.yaml")
    if name == "box":
        assert "to be written in the card: authors.0, unknown.citation" in err
    else:
        assert "to be written" not in err
        assert run(["check", name]) == 0
    genome(tmp_path)
    region = ["--region", "chr1:1-300", "--fasta", "genome.fa", "-o", "a.bw"]
    assert run(["predict", "--model", name, *region]) == 0
    odds = np.log2((COUNTS + 0.25) / 11 * 4)
    with pyBigWig.open("a.bw") as track:
        # AGC, the motif's best, stands at 200; GCT, its reverse complement, nowhere else.
        values = np.array(track.values("chr1", 0, 300))
        assert values[200:204] == pytest.approx(odds.max(axis=1).sum(), abs=1e-5)
        assert values[:200].max() < values[200]


def test_one_value_a_window(zoo: Path, capsys: Captured) -> None:
    Path("motifs.txt").write_text(JASPAR)
    lengths = ["--bin-size", "100", "--output-length", "100"]
    assert run(["adopt", "pwm", "motifs.txt", "--motif", "MA0001.1", *lengths]) == 0
    assert "reads 102 bp, predicts the 100 bp in its middle in bins of 100 bp" in (
        capsys.readouterr().err
    )


def test_motifs_that_are_not_there(zoo: Path, capsys: Captured) -> None:
    Path("motifs.txt").write_text(JASPAR)
    assert run(["adopt", "pwm", "motifs.txt", "--motif", "ma0001"]) == 2
    assert "no motif named 'ma0001'. Hint: did you mean MA0001.1?" in capsys.readouterr().err
    Path("motifs.txt").write_text(MEME)
    assert run(["adopt", "pwm", "motifs.txt", "--motif", "toy"]) == 2
    assert "the profile's licence is not known (got toy). Hint: --licence" in (
        capsys.readouterr().err
    )
    lengths = ["--bin-size", "7", "--output-length", "64"]
    assert run(["adopt", "pwm", "motifs.txt", "--motif", "toy", "--licence", "MIT", *lengths]) == 2
    assert "window lengths do not fit together" in capsys.readouterr().err
