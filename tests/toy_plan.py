"""A toy model, a small genome and a VCF that makes several shards."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.cli.main import run

CHROM = "".join(random.Random(1).choices("ACGT", k=9_000))
FLIP = {"A": "G", "C": "T", "G": "A", "T": "C"}
SHIFTS = ["--shifts", "2"]

Zooctl = Callable[..., tuple[int, str, str]]


def rows(n: int, first: int = 100) -> list[str]:
    """Records, one position each but for every 500th, which has three."""
    found = []
    for pos in range(first, first + n):
        ref = CHROM[pos - 1]
        alts = [FLIP[ref]] if pos % 500 else [base for base in "ACGT" if base != ref]
        found += [f"chr1\t{pos}\tid{pos}\t{ref}\t{alt}\t.\t.\tAF=0.{pos}" for alt in alts]
    return found


def vcf(lines: list[str]) -> str:
    head = [
        "##fileformat=VCFv4.3",
        f"##contig=<ID=chr1,length={len(CHROM)}>",
        '##INFO=<ID=AF,Number=1,Type=Float,Description="f">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    return "".join(f"{line}\n" for line in head + lines)


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with genome.fa and in.vcf of six chunks."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "genome.fa").write_text(f">chr1\n{CHROM}\n>chr2\n{CHROM[:1000]}\n")
    (folder / "in.vcf").write_text(vcf(rows(5_500)))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def zooctl(here: Path, capsys: pytest.CaptureFixture[str]) -> Zooctl:
    """Run a command in this process: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run([str(one) for one in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


MODEL = ["--model", "toy", "--fasta", "genome.fa", "--threads", "1"]
