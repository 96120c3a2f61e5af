"""`zooctl adopt` as typed: from a file to an entry that is checked and predicts."""

from __future__ import annotations

import subprocess
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
    err = capsys.readouterr().err
    assert "bins do not fill the input (got 4 bins, 62 bp)" in err
    assert "--bin-size is the number of bp in a bin" in err
    assert adopt("--force", "--bin-size", "8") == 0


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
        case "no numbers" | "too large":
            value = np.nan if case == "no numbers" else 3e38
            weights = np.full((2, 4), value, dtype=np.float32)
            model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights, "weights"))


@pytest.mark.parametrize(
    ("case", "code", "message"),
    [
        ("domain", 6, "an operator is outside of the ONNX standard (got Einsum of evil"),
        ("external", 6, "keeps its data outside of the ONNX file"),
        ("opset", 6, "operator set is not supported (got 7"),
        ("function", 6, "brings functions"),
        ("no numbers", 3, "weights 'weights' are not finite"),
        ("too large", 3, "numbers that are not finite"),
    ],
)
def test_refusals(
    zoo: Path, toy_graph: Graph, capsys: Captured, case: str, code: int, message: str
) -> None:
    model = onnx.load_from_string(toy_graph())
    hostile(model, case)
    Path("exported.onnx").write_bytes(model.SerializeToString())
    assert adopt_file(Path("exported.onnx"), "--bin-size", "8") == code
    err = capsys.readouterr().err
    assert message in err
    assert "error: exported.onnx: " in err
    assert sorted(path.name for path in zoo.rglob("*")) == ["model_cards"], "nothing was written"


def adopt_file(path: Path, *more: str) -> int:
    facts = ["--assembly", "hg19", "--tracks", "a,b", "--licence", "MIT"]
    return run(["adopt", "onnx", str(path), "--name", "mine", *facts, *more])


@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        ("bn_training", 3, "BatchNormalization, operator 1"),
        ("softmax_batch", 3, "softmax(x, dim=1)"),
        ("500_products", 3, "ReduceSum, operator 2"),
        ("shape_of_huge", 6, "tensor 'z' is too large for one window"),
        ("raw_size", 6, "tensor 'w' has another size than its shape says"),
        ("not_utf8", 2, "a name that is not UTF-8"),
        ("many_outputs", 6, "another number of outputs than it says"),
        ("outputs_by_the_million", 6, "another number of outputs than it says"),
    ],
)
def test_graphs_that_are_refused(
    zoo: Path, repo: Path, capsys: Captured, file: str, code: int, message: str
) -> None:
    path = repo / f"tests/data/graphs/{file}.onnx"
    assert adopt_file(path, "--bin-size", "8") == code
    err = capsys.readouterr().err
    assert f"error: {path}: " in err
    assert message in err
    assert sorted(path.name for path in zoo.rglob("*")) == ["model_cards"], "nothing was written"


@pytest.mark.parametrize(
    ("file", "repair"),
    [
        ("ai_onnx", "a second name of the standard operator set"),
        ("twice", "a second name of the standard operator set"),
        ("ms_import", "the import of com.microsoft, which no operator is of"),
        ("tf2onnx_like", "the import of ai.onnx.ml, which no operator is of"),
        ("init_as_input", "weights that are listed among the inputs"),
    ],
)
def test_graphs_that_are_repaired(
    zoo: Path, repo: Path, capsys: Captured, file: str, repair: str
) -> None:
    assert adopt_file(repo / f"tests/data/graphs/{file}.onnx") == 0
    assert f"left out of the graph: {repair}" in capsys.readouterr().err
    write_what_is_missing(zoo / "model_cards/mine.yaml")
    assert run(["check", "--stamp", "mine"]) == 0


def test_signals_below_0_are_warned_of(zoo: Path, toy_graph: Graph, capsys: Captured) -> None:
    weights = np.array([[1, 2, 3, -4], [4, 3, 2, 1]], dtype=np.float32)
    Path("model.onnx").write_bytes(toy_graph(weights))
    assert adopt("--bin-size", "8") == 0
    assert "the least is -4): such alleles get no score" in capsys.readouterr().err
    assert adopt("--bin-size", "8", "--scale", "log", "--force") == 0
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("weights", "status", "note", "fields"),
    [
        ([[-1, -2, -3, -4], [4, 3, 2, 1]], "SOME_RATIO", "not every track has a log ratio", 1),
        ([[-1, -2, -3, -4], [-4, -3, -2, -1]], "NO_RATIO", "no track has a log ratio", 0),
    ],
)
def test_alleles_without_a_log_ratio_say_so(
    zoo: Path,
    tmp_path: Path,
    toy_graph: Graph,
    capsys: Captured,
    weights: list[list[int]],
    status: str,
    note: str,
    fields: int,
) -> None:
    Path("model.onnx").write_bytes(toy_graph(np.array(weights, dtype=np.float32)))
    assert adopt("--bin-size", "8") == 0
    genome(tmp_path)
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    Path("a.vcf").write_text(f"{head}chr1\t101\t.\tA\tT\t.\t.\t.\n")
    options = ["--model", "mine", "--fasta", "genome.fa", "--shifts", "3", "-o", "b.vcf"]
    capsys.readouterr()
    assert run(["score-variants", "a.vcf", *options]) == 0
    err = capsys.readouterr().err
    assert f"{status}: {note}" in err
    assert f"scored: {fields} of 1 alleles" in err
    record = Path("b.vcf").read_text().splitlines()[-1]
    assert f"STATUS={status}" in record


def test_a_name_of_the_packaged_zoo(
    zoo: Path, tmp_path: Path, toy_graph: Graph, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own model stands before it, and that is said."""
    packaged = tmp_path / "packaged"
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: packaged)
    (packaged / "model_cards").mkdir(parents=True)
    Path("model.onnx").write_bytes(toy_graph())
    assert adopt("--bin-size", "8") == 0
    assert "stands before" not in capsys.readouterr().err
    card = (zoo / "model_cards/mine.yaml").read_bytes()
    (packaged / "model_cards/mine.yaml").write_bytes(card)
    (packaged / "model_cards/other.yaml").write_bytes(card.replace(b"name: mine", b"name: other"))
    assert adopt("--bin-size", "8", "--force") == 0
    assert "mine stands before the packaged model of the same name" in capsys.readouterr().err
    assert run(["list"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\nmine\t") == out.count("\nother\t") == 1
    assert "mine: the one of ZOOCTL_ZOO; it stands before a packaged model" in err


def test_an_installed_package_is_never_written_to(
    tmp_path: Path, toy_graph: Graph, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a zoo of the user's own, the hint makes one; following it, the model is adopted."""
    package = tmp_path / "site-packages/zooctl"
    (package / "entries/model_cards").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setattr("zooctl.__file__", str(package / "__init__.py"))
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("model.onnx").write_bytes(toy_graph())
    assert adopt("--bin-size", "8") == 2
    err = capsys.readouterr().err
    assert "there is no zoo for models of your own" in err
    hint = err.partition("Hint: ")[2].strip()
    done = subprocess.run(
        ["bash", "-c", f'{hint}; printf %s "$ZOOCTL_ZOO"'],
        capture_output=True,
        text=True,
        check=True,
    )
    monkeypatch.setenv("ZOOCTL_ZOO", done.stdout)
    assert adopt("--bin-size", "8") == 0
    assert (tmp_path / "home/zoo/model_cards/mine.yaml").is_file()
    assert [path.name for path in package.rglob("*.yaml")] == []


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
    err = capsys.readouterr().err
    assert "the output is no batch of 1 track" in err
    assert "--tracks names each track, in the order of the output" in err
    assert not any((zoo / "model_cards").iterdir())
    assert adopt("--tracks", "one,two") == 0


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
    assert run(["adopt", "pwm", "motifs.txt", "--motif", "toy", "--licence", "MIT"]) == 0
