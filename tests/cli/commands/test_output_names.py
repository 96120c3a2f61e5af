"""Every command with -o: an ending it has no format for is refused before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.files.bigwig.reader import BigWig

MODEL = "ctcf_gm12878"
REGION = "chr21:33,000,001-33,002,000"
TRACK = "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "chr21\t33949059\t.\tG\tA\t.\t.\t.\n"
    )
    return tmp_path


def commands(repo: Path) -> dict[str, list[str]]:
    return {
        "predict": ["predict", "--model", MODEL, "--region", REGION],
        "score-variants": ["score-variants", "in.vcf", "--model", MODEL, "--shifts", "1"],
        "plot": ["plot", str(repo / TRACK), "--region", REGION],
        "bundle": ["bundle", "export", "pwm_ctcf"],
    }


FOLDERS = {
    "evaluate": ["evaluate", MODEL],
    "train": ["train", "atac_yeast"],
    "tune": ["tune", "atac_yeast", "--space", "space.yaml"],
    "env": ["env", "create", "atac_yeast"],
}


@pytest.mark.parametrize("name", ["predict", "score-variants", "plot", "bundle"])
@pytest.mark.parametrize("output", ["x.xyz", "x", "x.bw.txt", "-"])
def test_an_unknown_ending(
    repo: Path, here: Path, capsys: pytest.CaptureFixture[str], name: str, output: str
) -> None:
    if (name, output) == ("score-variants", "-"):
        pytest.skip("it writes to stdout; test_score_pipes.py")
    before = set(here.iterdir())
    assert run([*commands(repo)[name], "-o", output]) == 2
    said = capsys.readouterr()
    assert "output is of no known kind" in said.err
    assert "device" not in said.err
    assert said.out == ""
    assert set(here.iterdir()) == before


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_with_the_name_of_a_file(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = set(here.iterdir())
    assert run([*FOLDERS[name], "-o", "x.json"]) == 2
    assert "x.json: the output is a folder" in capsys.readouterr().err
    assert set(here.iterdir()) == before


@pytest.mark.parametrize("output", ["out/", "out"])
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("predict", "chr21_33000001-33002000.ctcf_gm12878.bw"),
        ("score-variants", "in.ctcf_gm12878.vcf.gz"),
        ("plot", "chr21_33000001-33002000.png"),
        ("bundle", "zoo.tar"),
    ],
)
def test_a_folder(
    repo: Path, here: Path, capsys: pytest.CaptureFixture[str], name: str, file: str, output: str
) -> None:
    (here / "out").mkdir()
    assert run([*commands(repo)[name], "-o", output]) == 0, capsys.readouterr().err
    assert (here / "out" / file).is_file()
    assert {path.name for path in here.iterdir()} == {"out", "in.vcf"}


def test_a_missing_folder_has_the_command_that_makes_it(
    here: Path, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*commands(repo)["predict"], "-o", "new/tracks/"]
    assert run(given) == 2
    hint = capsys.readouterr().err.partition("Hint: ")[2].strip()
    assert hint == f"mkdir -p '{here}/new/tracks'"
    (here / "new/tracks").mkdir(parents=True)
    assert run(given) == 0
    (file,) = (here / "new/tracks").iterdir()
    with BigWig(file) as track:
        assert "chr21" in track.contigs


def test_the_report_of_scores_is_json(
    here: Path, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*commands(repo)["score-variants"], "--report", "r.tsv"]) == 2
    assert "r.tsv: output is of no known kind" in capsys.readouterr().err
