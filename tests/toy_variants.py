"""A small genome, and VCFs on it, for commands that score variants."""

from __future__ import annotations

import random
from pathlib import Path

import pytest


def letters(n: int, seed: int) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=n))


GENOME = {
    "chr1": letters(900, 1),
    "chr2": letters(300, 2) + "N" * 60 + letters(300, 3).lower(),
    "chrM": letters(200, 4),
}
HEADER = "##fileformat=VCFv4.3\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
ONE = ["--shifts", "1", "--max-shift", "0"]


def base(chrom: str, pos: int, n: int = 1) -> str:
    """Bases of the genome from POS on."""
    return GENOME[chrom][pos - 1 : pos - 1 + n].upper()


def other(letter: str) -> str:
    return {"A": "C", "C": "G", "G": "T", "T": "A"}[letter]


def line(chrom: str, pos: int, alt: str | None = None, ref: str | None = None) -> str:
    """A record, by default an SNV that fits the genome."""
    ref = ref if ref is not None else base(chrom, pos)
    return f"{chrom}\t{pos}\t.\t{ref}\t{alt or other(ref[0].upper())}\t29.50\tPASS\tAF=0.10"


def vcf(*lines: str, header: str = HEADER, columns: str = COLUMNS) -> str:
    return "".join(f"{one}\n" for one in (header.rstrip("\n"), columns, *lines))


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with genome.fa and in.vcf; the zoo holds the toy."""
    folder = tmp_path / "work"
    folder.mkdir()
    text = "".join(f">{name}\n{sequence}\n" for name, sequence in GENOME.items())
    (folder / "genome.fa").write_text(text)
    (folder / "in.vcf").write_text(vcf(*(line("chr1", pos) for pos in range(100, 800, 50))))
    monkeypatch.chdir(folder)
    return folder
