"""Files are compared with their pins in one way, and the error names size or digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.pinned import PIECE, check_pinned, file_digest, is_pinned, read_pinned

CONTENT = b"ACGT" * (PIECE // 4) + b"N"
PIN = (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_bytes(CONTENT)
    return path


def test_the_pinned_bytes_are_returned(file: Path) -> None:
    pieces: list[float] = []
    assert read_pinned(file, *PIN) == CONTENT
    assert is_pinned(file, *PIN, pieces.append)
    assert pieces == [PIECE, 1]
    check_pinned(file, *PIN)
    assert file_digest(file, "md5") == hashlib.md5(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("content", "got"),
    [(CONTENT[:-1], f"{PIECE:,} bytes"), (CONTENT + b"N", f"{PIECE + 2:,} bytes")],
)
def test_another_size(file: Path, content: bytes, got: str) -> None:
    file.write_bytes(content)
    for compare in (read_pinned, check_pinned):
        with pytest.raises(IntegrityError, match=r"genome\.fa differs from the pinned") as caught:
            compare(file, *PIN)
        assert (caught.value.got, caught.value.expected) == (got, f"{PIECE + 1:,} bytes")
        assert caught.value.path == str(file)


def test_another_digest(file: Path) -> None:
    file.write_bytes(CONTENT[:-1] + b"A")
    assert not is_pinned(file, *PIN)
    with pytest.raises(IntegrityError, match="the genome differs") as caught:
        read_pinned(file, *PIN, subject="the genome", hint="download it again")
    assert caught.value.expected == f"sha256 {PIN[1]}"
    assert caught.value.hint == "download it again"


def test_no_file(tmp_path: Path) -> None:
    assert not is_pinned(tmp_path / "a", *PIN)
    with pytest.raises(InputError, match="cannot be read"):
        read_pinned(tmp_path / "a", *PIN)
