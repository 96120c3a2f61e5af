"""`zooctl studies` as typed: networks of the toy, trained and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import toy_files
from safetensors import safe_open

from zooctl.cli.main import run

MOTIF = """MEME version 4

ALPHABET= ACGT

MOTIF A
letter-probability matrix: alength= 4 w= 6 nsites= 20 E= 0
0.97 0.01 0.01 0.01
0.01 0.97 0.01 0.01
0.01 0.01 0.97 0.01
0.01 0.01 0.01 0.97
0.97 0.01 0.01 0.01
0.01 0.97 0.01 0.01
"""


@pytest.fixture
def study(folder: Path) -> list[str]:
    """Options of a run of the toy's study."""
    Path("epochs.yaml").write_text(toy_files.STUDY.replace("toy.yaml", "data/toy.yaml"))
    return ["studies", "run", "epochs.yaml", "--fasta", str(folder / "toy.fa"), "-o", "out"]


def test_a_claim_is_tested(study: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(study) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    assert "trained above not trained" in printed
    assert printed.endswith("epochs: held\n")
    found = json.loads(Path("out/epochs.json").read_text())
    values = {arm["name"]: [one["value"] for one in arm["values"]] for arm in found["arms"]}
    # What `zooctl evaluate` says of the same run.
    assert run(["evaluate", "out/runs/epochs/trained/2", "--json", *study[3:5]]) == 0
    report = json.loads(capsys.readouterr().out)
    assert values["trained"][1] == pytest.approx(report["tracks"][0]["resolutions"][0]["pearson"])
    assert min(values["trained"]) > max(values["not trained"])
    assert "](epochs.png)" in Path("out/epochs.md").read_text()
    assert "[epochs](epochs.md)" in Path("out/results.md").read_text()

    weights = Path("out/runs/epochs/trained/2/best.safetensors")
    before = weights.stat().st_mtime_ns
    assert run(study) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*study, "--force", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again[0]["arms"] == found["arms"]
    assert weights.stat().st_mtime_ns == before


def test_filters_of_trained_networks(study: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the run's own first convolution, as its safetensors have it."""
    Path("known.meme").write_text(MOTIF)
    path = Path("epochs.yaml")
    text = path.read_text().replace("evaluate, bootstrap: 0", "filters, motifs: known.meme, n: 50")
    path.write_text(text.replace("[tracks, 0, resolutions, 0, pearson]", "[hit_ratio]"))
    assert run(study) == 0, capsys.readouterr().err
    folder = Path("out/runs/epochs/trained/1")
    report = json.loads((folder / "report.json").read_text())["report"]
    with safe_open(folder / "best.safetensors", "numpy") as weights:
        shapes = [tuple(weights.get_slice(name).get_shape()) for name in weights.keys()]  # noqa: SIM118
    assert (report["filters"], 4, report["width"]) in shapes
    assert {row["match"] for row in report["profiles"]} <= {"A", None}
    assert report["hit_ratio"] == report["hits"] / report["filters"]


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["studies", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("imbalance ") and line.endswith("measures") for line in lines)
    assert any(line.startswith("five_losses ") and line.endswith("trains") for line in lines)
    assert run(["studies", "list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(lines) - 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run"], "either NAME or --all"),
        (["run", "imbalance", "--all"], "either NAME or --all"),
        (["run", "five_loses"], "did you mean 'five_losses'?"),
        (["run", "none.yaml"], "cannot be read"),
    ],
)
def test_faults(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["studies", *arguments]) == 2
    assert expected in capsys.readouterr().err


def test_a_table_that_is_not_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path))
    assert run(["studies", "run", "robust_scores", "-o", str(tmp_path / "out")]) == 2
    assert "set ZOOCTL_DATA_MIRROR to a folder that has it" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*.json"))
