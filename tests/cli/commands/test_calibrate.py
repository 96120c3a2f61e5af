"""`zooctl calibrate` as typed, and the percentiles that follow."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.catalog.address import CARD
from zooctl.cli.main import run
from zooctl.inference.background.file import read_background

Runner = Callable[..., tuple[int, str, str]]
LETTERS = "".join(random.Random(1).choices("ACGT", k=20_000))
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
MADE: list[bytes] = []  # a background, once for all tests that choose by it
FEW = ["--kind", "snv,del_1", "--alleles", "1000"]


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "genome.fa").write_text(f">chr1\n{LETTERS}\n")
    rows = [
        f"chr1\t{pos}\t.\t{LETTERS[pos - 1]}\t{OTHER[LETTERS[pos - 1]]}\t.\t.\t."
        for pos in range(200, 8_000, 100)
    ]
    rows[3] = f"chr1\t500\t.\t{LETTERS[499:501]}\t{LETTERS[499]}\t.\t.\t."
    rows[4] = f"chr1\t600\t.\t{LETTERS[599]}\t{LETTERS[599]}GG,*\t.\t.\t."
    head = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (folder / "in.vcf").write_text(head + "".join(f"{row}\n" for row in rows))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def zooctl(here: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run([*arguments, "--fasta", "genome.fa"])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def infos(path: Path) -> list[dict[str, str]]:
    rows = [row.split("\t") for row in path.read_text().splitlines() if row[0] != "#"]
    return [dict(entry.partition("=")[::2] for entry in row[7].split(";")) for row in rows]


def test_the_source_says_how_many_of_each_kind(zooctl: Runner, here: Path) -> None:
    asked = ["--kind", "del_1,snv", "--alleles", "1500", "-o", "b.safetensors"]
    assert zooctl("calibrate", "toy", *asked)[0] == 0
    path = here / "b.safetensors"
    words = read_background(path.read_bytes(), path).settings.sources["random"]
    assert words.startswith("at random places, 1,500 SNVs by ")
    assert words.endswith(" and 1,000 of each kind of insertion or deletion; seed 1")


def test_percentiles_from_the_models_own_background(
    zooctl: Runner, here: Path, toy_zoo: Path
) -> None:
    code, out, err = zooctl("calibrate", "toy", *FEW)
    assert code == 0, err
    assert "random/snv    1,000 alleles" in out
    assert "random/del_1  1,000 alleles" in out
    manifest = json.loads((toy_zoo / "zoo/toy/manifest.json").read_text())
    assert "zoo/toy/background.safetensors" in manifest["files"]
    assert run(["check", "toy"]) == 0
    assert zooctl("score-variants", "in.vcf", "--model", "toy", "-o", "a.vcf")[0] == 0
    found = infos(here / "a.vcf")
    for number, info in enumerate(found):
        if number == 4:
            assert info["ZOO_toy_CLASS"] == "NO_BACKGROUND,."
            assert "ZOO_toy_plus_SUM_LFC_PCT" not in info
            continue
        assert info["ZOO_toy_CLASS"] == ("random/del_1" if number == 3 else "random/snv")
        assert 0 < float(info["ZOO_toy_plus_SUM_LFC_PCT"]) < 1
        assert 0 < float(info["ZOO_toy_plus_SUM_LFC_P"]) < 1
        assert float(info["ZOO_toy_plus_SUM_LFC_PHRED"]) > 0
        assert 0 < float(info["ZOO_toy_plus_SUM_ACT"]) < 1
    # Other scores have another background, which is said.
    code, _, err = zooctl("score-variants", "in.vcf", "--model", "toy", "-o", "b.vcf", "--rc")
    assert code == 0
    assert "note: the background of toy has scores of one strand" in err
    assert "_PCT" not in (here / "b.vcf").read_text()
    assert zooctl("calibrate", "toy", *FEW)[0] == 2  # exists
    first = (toy_zoo / "zoo/toy/background.safetensors").read_bytes()
    assert zooctl("calibrate", "toy", *FEW, "--force")[0] == 0
    assert (toy_zoo / "zoo/toy/background.safetensors").read_bytes() == first
    (toy_zoo / "zoo/toy/background.safetensors").write_bytes(first[:-1] + b"?")
    code, _, err = zooctl("score-variants", "in.vcf", "--model", "toy", "-o", "c.vcf")
    assert code == 5, err


def test_a_background_of_the_users(zooctl: Runner, here: Path) -> None:
    made = ("-o", "own.safetensors", "--background", "shuffled", "--alleles", "1000")
    assert zooctl("calibrate", "toy", *made)[0] == 0
    score = ("score-variants", "in.vcf", "--model", "toy", "--background", "own.safetensors")
    assert zooctl(*score, "--null", "shuffled", "-o", "a.vcf")[0] == 0
    assert infos(here / "a.vcf")[0]["ZOO_toy_CLASS"] == "shuffled/snv"
    assert zooctl(*score, "-o", "b.vcf")[0] == 0
    assert infos(here / "b.vcf")[0]["ZOO_toy_CLASS"] == "NO_BACKGROUND"
    code, _, err = zooctl(*score, "--shifts", "3", "-o", "c.vcf")
    assert code == 2
    assert "own.safetensors: the background of toy has scores over 20 shifts" in err
    hint = "zooctl calibrate makes one of the model's own scores; with --rc, of both strands\n"
    assert err.endswith(f"Hint: {hint}")
    assert zooctl(*score, "--rc", "-o", "c.vcf")[0] == 2
    assert zooctl("calibrate", "toy", *made, "--rc", "--force")[0] == 0
    assert zooctl(*score, "--rc", "-o", "c.vcf")[0] == 0


def test_other_files_are_no_background(zooctl: Runner, here: Path, toy_zoo: Path) -> None:
    """Both hints lead to one: of a file that is none, and of a model that has none."""
    shutil.copy(toy_zoo / "zoo/toy/model.safetensors", "own.safetensors")
    score = ("score-variants", "in.vcf", "--model", "toy", "-o", "a.vcf", "--top", "3")
    code, _, err = zooctl(*score, "--background", "own.safetensors")
    assert (code, err.rpartition("Hint: ")[2]) == (2, "zooctl calibrate makes one\n")
    code, _, err = zooctl(*score)
    hint = "zooctl calibrate makes a background; --background names another\n"
    assert (code, err.rpartition("Hint: ")[2]) == (2, hint)
    assert zooctl("calibrate", "toy", *FEW, "-o", "own.safetensors", "--force")[0] == 0
    assert zooctl(*score, "--background", "own.safetensors")[0] == 0


def test_a_model_outside_of_a_zoo_gets_a_file(
    zooctl: Runner, here: Path, toy_zoo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: here)
    alone = here / "alone"
    shutil.copytree(toy_zoo / "zoo/toy", alone)
    shutil.copy(toy_zoo / "model_cards/toy.yaml", alone / CARD)
    code, _, err = zooctl("calibrate", "./alone", *FEW)
    assert (code, err.rpartition("Hint: ")[2]) == (2, "name a file: -o\n")
    assert zooctl("calibrate", "./alone", *FEW, "-o", "own.safetensors")[0] == 0


def test_observed_alleles(zooctl: Runner, here: Path) -> None:
    head = (here / "in.vcf").read_text().splitlines()[:2]
    rows = [
        f"chr1\t{pos}\t.\t{LETTERS[pos - 1]}\t{OTHER[LETTERS[pos - 1]]}\t.\t.\t."
        for pos in range(100, 19_000, 17)
    ]
    (here / "common.vcf").write_text("\n".join([*head, *rows]) + "\n")
    made = ("calibrate", "toy", "--background", "common.vcf", "--alleles", "1000", "-o")
    code, out, err = zooctl(*made, "own.safetensors")
    assert (code, "observed/snv  1,000 alleles" in out) == (0, True), err
    code, _, err = zooctl("calibrate", "toy", "--background", "in.vcf", "-o", "few.safetensors")
    assert code == 2
    assert "no class of the background has enough alleles" in err
    assert not (here / "few.safetensors").exists()


@pytest.mark.parametrize("form", ["vcf", "vcf.gz", "bcf", "tsv", "tsv.gz", "parquet"])
def test_choice_by_percentile(zooctl: Runner, here: Path, form: str) -> None:
    if not MADE:
        assert zooctl("calibrate", "toy", *FEW, "-o", "own.safetensors")[0] == 0
        MADE.append((here / "own.safetensors").read_bytes())
    (here / "own.safetensors").write_bytes(MADE[0])
    score = ("score-variants", "in.vcf", "--model", "toy", "--background", "own.safetensors")
    assert zooctl(*score, "-o", "all.tsv")[0] == 0
    rows = [row.split("\t") for row in (here / "all.tsv").read_text().splitlines()[1:]]
    by_row = [float(row[-5]) for row in rows if row[-5]]
    by_record: dict[str, float] = {}
    for row in rows:
        if row[-5]:
            by_record[row[1]] = max(by_record.get(row[1], 0), float(row[-5]))
    is_table = form in ("tsv", "tsv.gz", "parquet")
    values = by_row if is_table else list(by_record.values())
    for options, expected in (
        (("--min-pct", "0.5"), sum(value >= 0.5 for value in values)),
        (("--top", "3"), 3),
        (("--top", "1000", "--min-pct", "0.9"), sum(value >= 0.9 for value in values)),
    ):
        code, _, err = zooctl(*score, *options, "-o", f"out.{form}", "--force")
        assert code == 0, err
        assert f"kept by percentile: {expected:,} of " in err
        # The insertion; the allele * beside it has no score at all.
        assert "note: 1 allele has no percentile, since the background holds none of" in err
    if form == "vcf":
        assert zooctl(*score, "--top", "3", "-o", "top.vcf")[0] == 0
        kept = [
            row.split("\t")[1]
            for row in (here / "top.vcf").read_text().splitlines()
            if row[0] != "#"
        ]
        best = sorted(by_record, key=lambda pos: -by_record[pos])[:3]
        assert sorted(kept, key=int) == kept
        assert min(by_record[pos] for pos in kept) == min(by_record[pos] for pos in best)


def test_nothing_to_choose_by(zooctl: Runner, here: Path) -> None:
    code, _, err = zooctl("score-variants", "in.vcf", "--model", "toy", "--top", "3")
    assert code == 2
    assert "no model has percentiles to choose by (got toy)" in err


def test_options(zooctl: Runner) -> None:
    code, _, err = zooctl("calibrate", "toy", "--kind", "snp")
    assert code == 2
    assert "no such kind of allele (got snp; expected snv, ins_1" in err
