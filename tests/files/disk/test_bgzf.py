from __future__ import annotations

import gzip
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pysam
import pytest

from zooctl.errors import InputError
from zooctl.files.disk import bgzf
from zooctl.files.disk.text import read_lines

TEXT = random.Random(1).randbytes(300_000)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "a.gz"
    with path.open("wb") as target, (tmp_path / "a").open("w+b") as source:
        source.write(TEXT)
        source.seek(0)
        bgzf.compress(source, target)
    return path


def text_of(path: Path) -> bgzf.BlockText:
    with path.open("rb") as stream:
        table = [(offset, len(text)) for offset, _, text in bgzf.members(stream)]
    offsets, sizes = np.array(table, dtype=np.uint64).T
    return bgzf.BlockText(path.open("rb"), offsets, np.cumsum(sizes) - sizes)


def test_compressed_text_is_what_gzip_and_htslib_read(packed: Path) -> None:
    assert gzip.decompress(packed.read_bytes()) == TEXT
    with pysam.BGZFile(str(packed)) as theirs:
        assert theirs.read() == TEXT


def test_any_part_is_read(packed: Path) -> None:
    text = text_of(packed)
    edges = [0, 0xFF00 - 1, 0xFF00, 0xFF00 + 1, 2 * 0xFF00, len(TEXT) - 1, len(TEXT)]
    for start in edges:
        for size in (1, 2, 0xFF00, 0xFF00 + 1, len(TEXT)):
            text.seek(start)
            assert text.read(size) == TEXT[start : start + size]
    text.close()


def test_reads_go_on_where_the_last_one_ended(packed: Path) -> None:
    text = text_of(packed)
    text.seek(65_000)
    assert text.read(1_000) + text.read(1_000) == TEXT[65_000:67_000]
    text.close()


def test_files_joined_end_to_end(packed: Path, tmp_path: Path) -> None:
    joined = tmp_path / "joined.gz"
    joined.write_bytes(packed.read_bytes() * 2)  # an empty block lies in the middle
    text = text_of(joined)
    text.seek(len(TEXT) - 5)
    assert text.read(10) == TEXT[-5:] + TEXT[:5]
    text.close()


@pytest.mark.parametrize("cut", [1, 28, 29, 1_000, 70_000])
def test_cut_file(packed: Path, cut: int) -> None:
    packed.write_bytes(packed.read_bytes()[:-cut])
    with packed.open("rb") as stream, pytest.raises(InputError, match=r"cut short|damaged"):
        list(bgzf.members(stream))


@pytest.mark.parametrize("position", [0, 16, 5_000, 70_000])
def test_flipped_byte(packed: Path, position: int) -> None:
    damaged = bytearray(packed.read_bytes())
    damaged[position] ^= 0x10
    packed.write_bytes(damaged)
    with packed.open("rb") as stream, pytest.raises(InputError, match=r"cut short|damaged"):
        list(bgzf.members(stream))


def test_damage_after_indexing(packed: Path) -> None:
    text = text_of(packed)
    damaged = bytearray(packed.read_bytes())
    damaged[5_000] ^= 0x10
    packed.write_bytes(damaged)
    text.seek(0)
    with pytest.raises(InputError, match="damaged"):
        text.read(10)
    text.close()


def member(text: bytes, *, size: int | None = None, hidden: bytes = b"") -> bytes:
    """A block of bgzip, whose stated size also covers hidden bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(text) + packer.flush()
    end = struct.pack("<II", zlib.crc32(text), len(text) if size is None else size)
    whole = packed + end + hidden
    return bgzf.END[:16] + struct.pack("<H", 18 + len(whole) - 1) + whole


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (member(b"a\n", hidden=member(b"hidden\n")), "bytes behind the end of its text"),
        (member(b"a\n", hidden=b"\x00"), "1 bytes behind the end of its text"),
        (member(b"a\n", size=3), "incorrect length check"),
        (member(b"\x00" * 70_000), "more than 65,536 bytes of text"),
    ],
)
def test_blocks_are_what_they_state(tmp_path: Path, block: bytes, message: str) -> None:
    """What one reader takes and another passes over is read by none."""
    path = tmp_path / "a.gz"
    path.write_bytes(member(b"first\n") + block + bgzf.END)
    with path.open("rb") as stream, pytest.raises(InputError, match=message):
        list(bgzf.members(stream))
    with pytest.raises(InputError, match=message):
        list(read_lines(path))
    offsets, starts = np.array([[0, len(member(b"first\n"))], [0, 6]], dtype=np.uint64)
    text = bgzf.BlockText(path.open("rb"), offsets, starts)
    with pytest.raises(InputError, match=message):
        text.read(10)
    text.close()
