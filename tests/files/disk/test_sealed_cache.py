"""Content of the cache that nobody pinned."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.sealed_cache import (
    derived_folder,
    is_sealed,
    read_sealed,
    seal_array,
    write_sealed,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    return derived_folder("arrays-1")


def kept(folder: Path, content: bytes = b"0123456789") -> Path:
    path = folder / "a.npy"
    with atomic_output(path, force=True) as new:
        new.write_bytes(content)
        seal_array(new, path, "chr1")
    return path


def test_content_comes_back(folder: Path) -> None:
    for content in (b"", b"a\nb\n", bytes(range(256))):
        write_sealed(folder / "x", "source", content)
        assert read_sealed(folder / "x", "source") == content
        assert read_sealed(folder / "x", "another source") is None
    assert read_sealed(folder / "none", "source") is None
    assert read_sealed(folder, "source") is None
    (folder / "link").symlink_to("x")
    assert read_sealed(folder / "link", "source") is None


def test_a_sealed_array(folder: Path) -> None:
    path = kept(folder)
    assert is_sealed(path, "chr1")  # hashed
    assert is_sealed(path, "chr1")  # recognised
    assert not is_sealed(path, "chr2")
    assert not is_sealed(folder / "b.npy", "chr1")


def test_a_changed_array(folder: Path) -> None:
    path = kept(folder)
    assert is_sealed(path, "chr1")
    before = path.stat()
    path.write_bytes(b"0123456780")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_sealed(path, "chr1")
    assert kept(folder) == path
    assert is_sealed(path, "chr1")
    path.touch()  # other times, the same content
    assert is_sealed(path, "chr1")
    path.chmod(0o666)
    assert not is_sealed(path, "chr1")


def test_an_array_without_its_seal(folder: Path) -> None:
    path = kept(folder)
    seal = path.with_name("a.npy.seal")
    content = seal.read_bytes()
    for wrong in (b"", content[:-1], content.replace(b"sha256", b"sha265"), b"[]", b"\xff"):
        seal.write_bytes(wrong)
        assert not is_sealed(path, "chr1")
    seal.unlink()
    assert not is_sealed(path, "chr1")
    for odd in (b"[]", b"{}", b"\xff", b'{"sha256": 1, "stamp": 2}'):
        write_sealed(seal, "chr1", odd)
        assert not is_sealed(path, "chr1")


def test_arrays_of_others_are_not_believed(folder: Path) -> None:
    if os.getuid():
        pytest.skip("needs the right to give files away")
    path = kept(folder)
    assert is_sealed(path, "chr1")
    os.chown(path, 12_345, -1)
    assert not is_sealed(path, "chr1")
