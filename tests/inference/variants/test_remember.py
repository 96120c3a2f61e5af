"""Scores from a store: the bytes of a run without one, and nothing that is computed twice."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from toy_model import toy_zoo
from toy_variants import GENOME, base, here, line, other, vcf

from zooctl import __version__
from zooctl.cli.main import run
from zooctl.errors import VerificationError
from zooctl.files.score_store.spaces import Contig, Store
from zooctl.inference.variants.scorer import Scorer
from zooctl.sequence.alleles import Allele

__all__ = ["here", "toy_zoo"]

SCORE = ["score-variants", "--model", "toy", "--fasta", "genome.fa", "--threads", "1"]


def records(seed: int = 5) -> list[str]:
    """SNVs, indels and MNVs, some at the ends, some not to be scored, some with several ALTs."""
    draw = random.Random(seed)
    found = [
        line("chr1", 1),
        line("chr1", 300, "G,T,C", base("chr1", 300) + "A"),
        line("chr1", 301, "*,<DEL>"),
        line("chr2", 330, "A"),
        line("chr2", 420),
        line("chrM", 200),
    ]
    for _ in range(40):
        pos, n = draw.randrange(20, 870), draw.randrange(1, 4)
        ref = base("chr1", pos, n)
        alt = draw.choice([ref[0], ref + "AC", other(ref[0]) + ref[1:], "ACG", "T"])
        found.append(line("chr1", pos, alt, ref))
    return found


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[Allele]:
    """The alleles that networks were asked for."""
    asked: list[Allele] = []
    score = Scorer.score

    def count(self: Scorer, given: Sequence[Sequence[Allele]]) -> object:
        given = [list(alleles) for alleles in given]
        asked.extend(allele for alleles in given for allele in alleles if self._scorable(allele))
        return score(self, given)

    monkeypatch.setattr(Scorer, "_scorable", lambda self, a: self.check(a) in SCORED, raising=False)
    monkeypatch.setattr(Scorer, "score", count)
    return asked


SCORED = {"OK", "EDGE", "N", "EDGE+N", "SWAPPED", "EDGE+SWAPPED"}


@pytest.mark.parametrize(
    "options",
    [
        ["--shifts", "1", "--max-shift", "0"],
        ["--shifts", "3", "--statistic", "sum,max,jsd,local,delta", "--mean-track"],
        ["--shifts", "2", "--rc", "--check-ref", "swap"],
    ],
)
def test_bytes_with_and_without(
    here: Path, options: list[str], computed: list[Allele], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a store that holds nothing, half, and all; named by the option and by the variable."""
    rows = records()
    if "swap" in options:  # the genome has ALT
        rows += [
            line("chr1", pos, base("chr1", pos), other(base("chr1", pos))) for pos in (400, 401)
        ]
    Path("all.vcf").write_text(vcf(*rows))
    Path("half.vcf").write_text(vcf(*rows[::2]))
    assert run([*SCORE, "all.vcf", "-o", "plain.vcf", *options]) == 0
    n = len(computed)
    assert run([*SCORE, "half.vcf", "-o", "half.vcf.gz", *options, "--store", "st"]) == 0
    computed.clear()
    assert run([*SCORE, "all.vcf", "-o", "mixed.vcf", *options, "--store", "st"]) == 0
    assert 0 < len(computed) < n
    computed.clear()
    monkeypatch.setenv("ZOOCTL_STORE", "st")
    assert run([*SCORE, "all.vcf", "-o", "warm.vcf", *options]) == 0
    assert computed == []
    plain = Path("plain.vcf").read_bytes()
    assert Path("mixed.vcf").read_bytes() == Path("warm.vcf").read_bytes() == plain


def test_other_spellings_are_found(here: Path, computed: list[Allele]) -> None:
    """A base deleted from a run of equal ones, at each of its places and padded."""
    text = "".join(GENOME["chr1"])
    at = next(i for i in range(100, 800) if text[i] == text[i + 1] == text[i + 2])
    spellings = [
        line("chr1", at, text[at - 1], text[at - 1 : at + 1]),
        line("chr1", at + 1, text[at], text[at : at + 2]),
        line("chr1", at, text[at - 1 : at + 2], text[at - 1 : at + 3]),
    ]
    Path("one.vcf").write_text(vcf(spellings[0]))
    Path("others.vcf").write_text(vcf(*spellings[1:]))
    for name in ("one", "others"):
        assert run([*SCORE, f"{name}.vcf", "-o", f"{name}.tsv", "--store", "st"]) == 0
    assert computed == [Allele("chr1", at - 1, text[at - 1 : at + 1], text[at - 1])]


@pytest.mark.parametrize("change", [["--seed", "1"], ["--batch-size", "3"], ["--engine", "plain"]])
def test_other_settings_are_not_found(
    here: Path, change: list[str], computed: list[Allele], capsys: pytest.CaptureFixture[str]
) -> None:
    """All that the bits may depend on keeps scores apart; a note says where it is the way alone."""
    assert run([*SCORE, "in.vcf", "-o", "a.tsv", "--store", "st", "--shifts", "2"]) == 0
    n = len(computed)
    computed.clear()
    assert run([*SCORE, "in.vcf", "-o", "b.tsv", "--store", "st", "--shifts", "2", *change]) == 0
    same = change == ["--engine", "plain"]  # the toy shares nothing, so that is the path taken
    assert len(computed) == (0 if same else n)
    noted = "store: scores of toy that were computed in another way are left: batch_size"
    assert (noted in capsys.readouterr().err) == ("--batch-size" in change)


def test_another_genome_is_not_found(here: Path, computed: list[Allele]) -> None:
    assert run([*SCORE, "in.vcf", "-o", "a.tsv", "--store", "st"]) == 0
    text = Path("genome.fa").read_text()
    Path("genome.fa").write_text(text.replace(GENOME["chrM"], GENOME["chrM"][::-1]))
    computed.clear()
    assert run([*SCORE, "in.vcf", "-o", "b.tsv", "--store", "st"]) == 0
    assert len(computed) == 14


def test_a_store_that_takes_no_more(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The run goes on, and says so once."""
    assert run([*SCORE, "in.vcf", "-o", "a.tsv", "--store", "st"]) == 0
    for folder in Path("st").rglob("chr1-*"):
        shutil.rmtree(folder)
        folder.write_text("")
    assert run([*SCORE, "in.vcf", "-o", "b.tsv", "--store", "st"]) == 0
    said = capsys.readouterr().err
    assert said.count("warning: new scores are not stored: ") == 1
    assert "the store cannot be written (got File exists)" in said
    assert Path("a.tsv").read_bytes() == Path("b.tsv").read_bytes()


def test_a_store_that_cannot_be_made(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a folder of these settings cannot be made, nothing is found, and the run goes on."""
    assert run([*SCORE, "in.vcf", "-o", "a.tsv"]) == 0
    Path("st").mkdir()
    Path("st").chmod(0o500)
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "none", "st"]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("READ-ONLY STORE NOT TESTED: no right to mount")
    try:
        assert run([*SCORE, "in.vcf", "-o", "b.tsv", "--store", "st"]) == 0
    finally:
        subprocess.run(["umount", "st"], check=True)
    said = capsys.readouterr().err
    assert said.count("warning: new scores are not stored: ") == 1
    assert Path("a.tsv").read_bytes() == Path("b.tsv").read_bytes()


def test_scores_of_another_version(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Facts of a version that knew of another way to compute are left with a note."""
    assert run([*SCORE, "in.vcf", "-o", "a.tsv", "--store", "st"]) == 0
    (folder,) = Path("st").iterdir()
    facts = json.loads((folder / "facts.json").read_text())
    facts["computing"] |= {"zooctl": "9.0.0", "precision": "half"}
    shutil.rmtree(folder)
    Store(Path("st")).space(facts).parts(Contig("chr1", "ab"), create=True)
    assert run([*SCORE, "in.vcf", "-o", "b.tsv", "--store", "st"]) == 0
    said = capsys.readouterr().err
    assert (
        f"another way are left: precision half, now none; zooctl 9.0.0, now {__version__}" in said
    )


def test_a_run_that_fails_has_kept_its_scores(
    here: Path, computed: list[Allele], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Scorer.score

    def broken(self: Scorer, given: Sequence[Sequence[Allele]]) -> Iterator[object]:
        for n, found in enumerate(whole(self, given)):
            if n == 6:
                raise VerificationError("a prediction is not a finite number")
            yield found

    with monkeypatch.context() as patched:
        patched.setattr(Scorer, "score", broken)
        assert run([*SCORE, "in.vcf", "-o", "a.tsv", "--store", "st"]) == 3
    computed.clear()
    assert run([*SCORE, "in.vcf", "-o", "a.tsv", "--store", "st"]) == 0
    assert len(computed) == 14 - 6


def test_python_asks_it_too(here: Path, computed: list[Allele]) -> None:
    import zooctl

    model = zooctl.load("toy", device="cpu")
    for _ in range(2):
        rows = model.score(
            "chr1:300 " + base("chr1", 300) + ">" + other(base("chr1", 300)),
            fasta="genome.fa",
            store="st",
        )
        assert rows[0].status == "OK"
    assert len(computed) == 1


def test_a_part_of_a_record_may_be_stored(here: Path, computed: list[Allele]) -> None:
    ref = base("chr1", 300)
    alts = [letter for letter in "ACGT" if letter != ref]
    Path("a.vcf").write_text(vcf(line("chr1", 300, alts[1], ref)))
    Path("b.vcf").write_text(vcf(line("chr1", 300, ",".join(alts), ref)))
    assert run([*SCORE, "b.vcf", "-o", "plain.tsv"]) == 0
    computed.clear()
    for name in ("a", "b"):
        assert run([*SCORE, f"{name}.vcf", "-o", f"{name}.tsv", "--store", "st"]) == 0
    assert [allele.alt for allele in computed] == [alts[1], alts[0], alts[2]]
    assert Path("b.tsv").read_bytes() == Path("plain.tsv").read_bytes()
