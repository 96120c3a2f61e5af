"""`zooctl gkm` as typed: from regions to an entry that other commands run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from zooctl.cli.main import run
from zooctl.schema.card import load_card

pytest.importorskip("gkmsvm")

SITE = "TGGCCACCAGGGGGCGCTA"
TRAIN = (
    "gkm train sites.bed --fasta toy.fa --assembly toy1 --name mine --licence MIT -l 8 -k 5 "
    "--width 60 --track CTCF"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty zoo, a genome by chance with 60 sites, and a BED file of these."""
    root = tmp_path / "own"
    (root / "model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: root)
    monkeypatch.chdir(tmp_path)
    bases = np.random.default_rng(0).choice(list("ACGT"), 20_000)
    starts = range(200, 18_200, 300)
    for start in starts:
        bases[start : start + len(SITE)] = list(SITE)
    (tmp_path / "toy.fa").write_text(f">chr1\n{''.join(bases)}\n")
    rows = (f"chr1\t{start}\t{start + len(SITE)}\n" for start in starts)
    (tmp_path / "sites.bed").write_text("".join(rows))
    return tmp_path


def test_an_entry_is_trained_and_scores(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*TRAIN.split(), "--json"]) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["model"] == "mine"
    assert all(Path(file).exists() for file in told["files"])
    assert "trained: 60 positive and 60 negative windows" in printed.err
    card = load_card(here / "own/model_cards/mine.yaml")
    assert (card.input_length, card.bin_size, card.output_scale) == (60, 16, "logit")
    assert card.split is not None
    assert [part.chrom for part in card.split.train] == ["chr1"]

    (here / "new.fa").write_text(f">site\nACA{SITE}TTAG\n>none\n{'ACTTAGAT' * 12}\n")
    assert run(["gkm", "predict", "mine", "new.fa", "--device", "cpu", "--json"]) == 0
    site, none = json.loads(capsys.readouterr().out)
    assert site["value"] > 0 > none["value"]
    assert run(["gkm", "predict", "mine", "new.fa", "--device", "cpu"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header == "name\tscore\tstart"
    assert [row.split("\t")[0] for row in rows] == ["site", "none"]


def test_other_commands_run_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bin around a site is predicted above 0, and a base of the core lost lowers it."""
    assert run(TRAIN.split()) == 0
    vcf = (
        "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    )
    (here / "in.vcf").write_text(f"{vcf}chr1\t511\t.\tG\tA\t.\t.\t.\n")
    more = "--model mine --fasta toy.fa --device cpu"
    assert run(f"score-variants in.vcf {more} --shifts 1 -o out.tsv".split()) == 0
    header, row = (here / "out.tsv").read_text().splitlines()
    score = float(dict(zip(header.split("\t"), row.split("\t"), strict=True))["score"])
    assert score < -0.05
    assert run(f"predict {more} --region chr1:1-20000 -o out.bedgraph".split()) == 0
    values = {}
    for line in (here / "out.bedgraph").read_text().splitlines():
        _, start, end, value = line.split("\t")
        values |= dict.fromkeys(range(int(start), int(end)), float(value))
    assert np.mean([values[start + 9] > 0 for start in range(200, 18_200, 300)]) > 0.95
    between = [values[start + 150] for start in range(200, 18_200, 300)]
    assert np.mean(np.array(between) < 0) > 0.95


def test_negatives_of_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = (f"chr1\t{start}\t{start + 20}\n" for start in range(350, 18_350, 300))
    (here / "others.bed").write_text("".join(rows))
    assert run([*TRAIN.split(), "--negatives", "others.bed", "--most", "30"]) == 0
    assert "trained: 30 positive and 30 negative windows" in capsys.readouterr().err


def test_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*TRAIN.split(), "-k", "9", "-l", "8"]) == 2
    assert "k <= l <= width" in capsys.readouterr().err
    (here / "sites.bed").write_text("chr1\t200\t219\n")
    assert run(TRAIN.split()) == 2
    assert "too few windows of known bases" in capsys.readouterr().err
