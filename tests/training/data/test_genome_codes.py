"""Codes of contigs as they lie in the cache: right, read once, and by content."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.sequence.onehot import encode
from zooctl.training.data import genome_codes as module
from zooctl.training.data.genome_codes import genome_codes

LETTERS = "ACGTNacgtnRY" * 25


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    return tmp_path / "home/codes-2"


def genome(path: Path, letters: str = LETTERS) -> Path:
    path.write_text(f">HLA*01:01\n{letters}\n>chr1\n{letters[::-1]}\n")
    return path


def test_codes_are_those_of_the_genome_and_are_read_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PIECE", 77)
    said: list[str] = []
    with Fasta(genome(tmp_path / "a.fa")) as fasta:
        for _ in range(2):
            for chrom, letters in (("HLA*01:01", LETTERS), ("chr1", LETTERS[::-1])):
                codes = genome_codes(fasta, chrom, said.append)
                assert isinstance(codes, np.memmap)
                assert codes.tolist() == encode(letters.encode()).tolist()
        with pytest.raises(InputError, match="chr2"):
            genome_codes(fasta, "chr2", said.append)
    assert said == ["reading HLA*01:01 of the genome", "reading chr1 of the genome"]
    assert len(list(cache.glob("*.npy"))) == 2


def test_they_are_named_by_content(tmp_path: Path, cache: Path) -> None:
    said: list[str] = []
    place = genome(tmp_path / "a.fa")
    for path in (place, genome(tmp_path / "moved.fa"), genome(place, "ACGT" * 75)):
        with Fasta(path) as fasta:
            first = genome_codes(fasta, "chr1", said.append)[:4].tolist()
    assert first == [3, 2, 1, 0]
    assert len(said) == 2, "moved, it is the same; changed, it is another"


def test_many_ask_at_once(tmp_path: Path, cache: Path) -> None:
    path = genome(tmp_path / "a.fa")
    said: list[str] = []

    def ask() -> None:
        with Fasta(path) as fasta:
            genome_codes(fasta, "chr1", said.append)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["reading chr1 of the genome"]
    kept = {path.suffix for path in cache.iterdir() if not path.name.startswith(".")}
    assert kept == {".npy", ".seal"}


def test_changed_codes_are_made_anew(tmp_path: Path, cache: Path) -> None:
    said: list[str] = []
    with Fasta(genome(tmp_path / "a.fa")) as fasta:
        right = genome_codes(fasta, "chr1", said.append).tolist()
        (path,) = cache.glob("*.npy")
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        assert genome_codes(fasta, "chr1", said.append).tolist() == right
    assert len(said) == 2
