"""Indexes of the cache that lead elsewhere are made anew."""

from __future__ import annotations

import io
import os
import random
import re
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import UnsafeError
from zooctl.files.disk import bgzf
from zooctl.files.disk.cache import cache_folder
from zooctl.files.disk.pinned import file_digest
from zooctl.files.disk.sealed_cache import read_sealed, write_sealed
from zooctl.files.fasta.index import index_of
from zooctl.files.fasta.reader import Fasta
from zooctl.sequence.onehot import Codes

LETTERS = "".join(random.Random(7).choices("ACGTacgtN", k=150_000))


def text(end: str) -> bytes:
    records = {"chr1": LETTERS[:70_123], "chr2": LETTERS[70_123:140_000], "s": LETTERS[140_000:]}
    return "".join(
        f">{name} of a toy{end}"
        + "".join(f"{bases[at : at + 50]}{end}" for at in range(0, len(bases), 50))
        for name, bases in records.items()
    ).encode()


@pytest.fixture(params=["plain", "crlf", "bgzip"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    found = tmp_path / "a.fa"
    content = text("\r\n" if request.param == "crlf" else "\n")
    if request.param == "bgzip":
        packed = io.BytesIO()
        bgzf.compress(io.BytesIO(content), packed)
        content = packed.getvalue()
    found.write_bytes(content)
    return found


def everything(path: Path) -> dict[str, Codes]:
    with Fasta(path) as fasta:
        return {chrom: fasta.codes(chrom, 0, n) for chrom, n in fasta.contigs.items()}


def mutants(number: int) -> set[int]:
    return {0, 1, number - 1, number + 1, number + 50, number - 51, number * 10, 2**40} - {number}


def assert_same(found: dict[str, Codes], right: dict[str, Codes]) -> None:
    assert list(found) == list(right)
    for chrom, codes in right.items():
        np.testing.assert_array_equal(found[chrom], codes)


def test_every_number_changed_under_a_sound_seal(path: Path) -> None:
    """Somebody who can seal changes each number of the index; sequences stay the same."""
    right = everything(path)
    digest = file_digest(path)
    kept = cache_folder() / "fasta-2" / f"{digest}.fai"
    content = read_sealed(kept, f"{digest} fai")
    assert content is not None
    numbers = list(re.finditer(rb"\d+", content))
    assert len(numbers) == 3 * 4 + 2  # two names hold one
    for found in numbers:
        for mutant in sorted(mutants(int(found[0]))):
            changed = content[: found.start()] + b"%d" % mutant + content[found.end() :]
            write_sealed(kept, f"{digest} fai", changed)
            assert_same(everything(path), right)
            assert read_sealed(kept, f"{digest} fai") == content, changed


@pytest.mark.parametrize("path", ["bgzip"], indirect=True)
def test_every_number_of_the_blocks_changed_under_a_sound_seal(path: Path) -> None:
    right = everything(path)
    digest = file_digest(path)
    kept = cache_folder() / "fasta-2" / f"{digest}.gzi"
    content = read_sealed(kept, f"{digest} gzi")
    assert content is not None
    rows = np.frombuffer(content, dtype="<u8")
    for at in range(len(rows)):
        for mutant in sorted(mutants(int(rows[at]))):
            changed = rows.copy()
            changed[at] = max(mutant, 0)
            write_sealed(kept, f"{digest} gzi", changed.tobytes())
            assert_same(everything(path), right)
            assert read_sealed(kept, f"{digest} gzi") == content, (at, mutant)


@pytest.mark.parametrize("path", ["plain"], indirect=True)
def test_any_byte_changed(path: Path) -> None:
    right = everything(path)
    kept = cache_folder() / "fasta-2" / f"{file_digest(path)}.fai"
    content = kept.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        kept.write_bytes(changed)
        assert_same(everything(path), right)
        assert kept.read_bytes() == content


@pytest.mark.parametrize("path", ["plain"], indirect=True)
def test_an_index_of_somebody_else_is_not_believed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the seal is sound; here the index of another file, whose text fits no header."""
    everything(path)
    kept = cache_folder() / "fasta-2" / f"{file_digest(path)}.fai"
    source = f"{file_digest(path)} fai"
    kept.chmod(0o666)
    assert read_sealed(kept, source) is None
    kept.chmod(0o644)
    assert read_sealed(kept, source) is not None
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner:
        assert read_sealed(kept, source) is None
    else:  # the administrator's is believed
        os.chown(kept, 12_345, -1)
        assert read_sealed(kept, source) is None
    monkeypatch.undo()


@pytest.mark.parametrize("path", ["plain"], indirect=True)
def test_a_folder_of_somebody_else_is_refused(path: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = home / "fasta-2"
    home.mkdir()
    (home / "elsewhere").mkdir()
    folder.symlink_to("elsewhere")
    with pytest.raises(UnsafeError, match="others may change"):
        everything(path)
    folder.unlink()
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(UnsafeError, match="chmod go-w"):
        everything(path)
    folder.chmod(0o700)
    assert set(everything(path)) == {"chr1", "chr2", "s"}


@pytest.mark.parametrize("path", ["plain"], indirect=True)
def test_the_digest_of_another_file_is_not_believed(path: Path, tmp_path: Path) -> None:
    """A record that says of this file what is true of another."""
    os.utime(path)
    right = everything(path)
    other = tmp_path / "b.fa"
    other.write_bytes(b">chr1\nACGT\n")
    everything(other)
    for record in (cache_folder() / "fasta-2").glob("*.json"):
        content = record.read_bytes()
        record.write_bytes(content.replace(file_digest(path).encode(), file_digest(other).encode()))
    assert_same(everything(path), right)
    with path.open("rb") as stream:
        assert index_of(stream).sha256 == file_digest(path)
