"""Files of other writers, damaged ones, and hostile ones."""

from __future__ import annotations

import itertools
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
import pytest
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig

CONTIGS = {"chr21": 60_000, "chr20": 20_000}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of three kinds of sections, with a zoom level; pyBigWig states bounds that overlap."""
    path = tmp_path_factory.mktemp("small") / "small.bw"
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(CONTIGS.items()))
        file.addEntries(["chr21"] * 2, [0, 100], ends=[50, 200], values=[1.0, 2.0])
        file.addEntries("chr21", [500, 700], values=[3.0, -4.0], span=150)
        file.addEntries("chr20", 100, values=[1.0, 2.0, 5.0], span=8, step=10)
    return path


def all_values(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read the first and last bases of each contig; a damaged file may state 4 billion."""
    with BigWig(path) as file:
        return {
            chrom: np.concatenate(
                [file.values(chrom, 0, min(1_000, n)), file.values(chrom, max(0, n - 50), n)]
            )
            for chrom, n in file.contigs.items()
        }


def test_all_kinds_of_sections(small: Path) -> None:
    with BigWig(small) as file, pybigtools.open(str(small)) as other:
        assert file.contigs == other.chroms() == CONTIGS
        for chrom, length in CONTIGS.items():
            wanted = other.values(chrom, 0, length, fillna=None).astype(np.float32)
            np.testing.assert_array_equal(file.values(chrom, 0, length), wanted)
        # Ranges that begin and end inside of entries, and in gaps.
        for low, high in itertools.combinations((0, 49, 50, 60, 100, 199, 200, 560, 705, 850), 2):
            wanted = other.values("chr21", low, high, fillna=None).astype(np.float32)
            np.testing.assert_array_equal(file.values("chr21", low, high), wanted)


def test_a_header_alone_has_no_values(tmp_path: Path) -> None:
    with pyBigWig.open(str(tmp_path / "empty.bw"), "w") as file:
        file.addHeader([("chr21", 48_129_895)])
    with BigWig(tmp_path / "empty.bw") as read:
        assert read.contigs == {"chr21": 48_129_895}
        assert np.isnan(read.values("chr21", 0, 100)).all()
        assert read.bins("chr21", 0, 64, 32).tolist() == [0, 0]


def test_an_infinite_value_is_named(tmp_path: Path) -> None:
    path = tmp_path / "inf.bw"
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader([("chr21", 2_000)])
        values = [1.0, float("-inf"), 3e38, 3e38, float("nan")]
        file.addEntries("chr21", 0, values=values, span=500, step=500 - 200)
    # pyBigWig overlaps entries without a word; so the file is made again without.
    with pytest.raises(InputError, match="overlap"), BigWig(path) as read:
        read.values("chr21", 0, 2_000)
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader([("chr21", 2_000)])
        file.addEntries("chr21", 0, values=values, span=300, step=300)
    with BigWig(path) as read:
        assert read.values("chr21", 299, 300).tolist() == [1]
        assert np.isnan(read.values("chr21", 1_200, 2_000)).all()
        with pytest.raises(InputError, match=r"infinite value .*chr21:300-600") as at:
            read.values("chr21", 0, 1_000)
        assert at.value.exit_code == 2
        with pytest.raises(InputError, match="a mean of chr21:600-616"):
            read.bins("chr21", 600, 632, 16)


def outcome(path: Path, data: bytes) -> str | dict[str, NDArray[np.float32]]:
    """Return the values of a file, or its error; any other exception fails the test."""
    path.write_bytes(data)
    try:
        return all_values(path)
    except InputError as error:
        return str(error)


def test_every_byte_changed(tmp_path: Path, small: Path) -> None:
    """No change of a byte does more than an error or other values, in bounded memory."""
    data = small.read_bytes()
    right = all_values(small)
    refused = 0
    for place in range(len(data)):
        for value in {0, 1, 0x7F, 0xFF, data[place] ^ 1, data[place] ^ 0x80} - {data[place]}:
            changed = bytearray(data)
            changed[place] = value
            got = outcome(tmp_path / "x.bw", bytes(changed))
            refused += isinstance(got, str)
            assert not isinstance(got, str) or got.startswith(str(tmp_path))
            if not isinstance(got, str):
                assert all(np.isfinite(v[~np.isnan(v)]).all() for v in got.values())
            # Zoom levels and the summary are not read, so they can't change a value.
            if 6 <= place < 8 or 64 <= place < 344:
                assert not isinstance(got, str)
                for chrom, values in right.items():
                    np.testing.assert_array_equal(got[chrom], values)
    assert refused > len(data)


def test_damaged_in_a_child(tmp_path: Path, small: Path) -> None:
    """Commands end by themselves, with exit 0 or 2, and never by a signal."""
    data = small.read_bytes()
    (index,) = struct.unpack_from("<Q", data, 24)
    for place in (6, 8, 24, 344, 352, index, index + 48, index + 50, index + 52, index + 68):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        path = tmp_path / "x.bw"
        path.write_bytes(changed)
        command = [sys.executable, "-m", "zooctl", "compare", str(path), str(small)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == (0 if place == 6 else 2), (place, done.stderr)
        assert "Traceback" not in done.stderr


def packed(section: bytes) -> bytes:
    return zlib.compress(section, 9)


def bigwig(
    section: bytes, *, index: bytes | None = None, names: bytes = b"chr1", n: int = 1
) -> bytes:
    """Return a bigWig of one block, built by hand from the format's description."""
    header = struct.Struct("<IHHQQQHHQQIQ")
    names_at = header.size
    tree = struct.pack("<IIIIQQ", 0x78CA8C91, 1, len(names), 8, n, 0)
    tree += struct.pack("<BBH", 1, 0, n) + (names + struct.pack("<II", 0, 1_000)) * n
    data_at = names_at + len(tree)
    index_at = data_at + 8 + len(section)
    if index is None:
        index = struct.pack("<BBH", 1, 0, 1)
        index += struct.pack("<IIIIQQ", 0, 0, 0, 1_000, data_at + 8, len(section))
    r_tree = struct.pack("<IIQIIIIQII", 0x2468ACE0, 256, 1, 0, 0, 0, 1_000, index_at, 1, 0)
    head = header.pack(0x888FFC26, 4, 0, names_at, data_at, index_at, 0, 0, 0, 0, 32_768, 0)
    magic = head[:4]
    return head + tree + struct.pack("<Q", 1) + section + r_tree + index + magic


SOUND = struct.pack("<IIIIIBBH", 0, 10, 30, 0, 0, 1, 0, 2) + struct.pack(
    "<IIfIIf", 10, 20, 1.5, 25, 30, 2.5
)


def test_built_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "x.bw"
    path.write_bytes(bigwig(packed(SOUND)))
    values = BigWig(path).values("chr1", 15, 28)
    np.testing.assert_array_equal(values, [1.5] * 5 + [np.nan] * 5 + [2.5] * 3)
    with pyBigWig.open(str(path)) as file:
        assert file.intervals("chr1") == ((10, 20, 1.5), (25, 30, 2.5))


HEAD = struct.Struct("<IIIIIBBH")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (SOUND, "cannot be unpacked"),
        (packed(SOUND)[:-6], "cut short|cannot be unpacked"),
        (packed(SOUND[:-1]), "contradicts its header"),
        (packed(SOUND[:10]), "without a header"),
        (packed(bytes(1 << 21)), "too large"),
        (packed(HEAD.pack(1, 0, 9, 0, 0, 1, 0, 0)), "contradicts its header"),
        (packed(HEAD.pack(0, 0, 9, 0, 0, 4, 0, 0)), "contradicts its header"),
        (packed(HEAD.pack(0, 0, 9, 0, 0, 3, 0, 65_535) + bytes(4)), "contradicts its header"),
        (packed(HEAD.pack(0, 0, 9, 0, 9, 3, 0, 2) + bytes(8)), "overlap"),
        (packed(HEAD.pack(0, 0, 9, 2**32 - 1, 1, 3, 0, 2) + bytes(8)), "outside of their block"),
        (packed(HEAD.pack(0, 9, 9, 0, 0, 1, 0, 1) + struct.pack("<IIf", 9, 3, 1)), "overlap"),
    ],
)
def test_damaged_blocks(tmp_path: Path, section: bytes, message: str) -> None:
    path = tmp_path / "x.bw"
    path.write_bytes(bigwig(section))
    with pytest.raises(InputError, match=message) as error, BigWig(path) as file:
        file.values("chr1", 0, 1_000)
    assert "at chr1:0-1000" in str(error.value)


def test_trees_in_circles_and_shared_blocks(tmp_path: Path) -> None:
    """Small files whose reading would never end, or take a million times their size."""
    path = tmp_path / "x.bw"
    section = packed(SOUND)
    index_at = len(bigwig(section, index=b"")) - 4
    itself = struct.pack("<BBH", 0, 0, 2)
    itself += struct.pack("<IIIIQ", 0, 0, 0, 1_000, index_at) * 2
    path.write_bytes(bigwig(section, index=itself))
    with pytest.raises(InputError, match="nodes of the index that overlap"):
        BigWig(path).values("chr1", 0, 9)
    leaf = struct.pack("<IIIIQQ", 0, 0, 0, 1_000, 0, 300)
    path.write_bytes(bigwig(section, index=struct.pack("<BBH", 1, 0, 9) + leaf * 9))
    with pytest.raises(InputError, match="9 blocks in place of 1"):
        BigWig(path).values("chr1", 0, 9)
    far = struct.pack("<BBH", 1, 0, 1) + struct.pack("<IIIIQQ", 0, 0, 0, 9, 2**64 - 8, 16)
    path.write_bytes(bigwig(section, index=far))
    with pytest.raises(InputError, match="blocks outside of the file"):
        BigWig(path).values("chr1", 0, 9)


def test_names_of_contigs(tmp_path: Path) -> None:
    path = tmp_path / "x.bw"
    for name in (b"chr\xff", b"c\x00r1", b"c\x1b[1", bytes(4)):
        path.write_bytes(bigwig(packed(SOUND), names=name))
        with pytest.raises(InputError, match="without a sound name"):
            BigWig(path)
    path.write_bytes(bigwig(packed(SOUND), n=2))
    with pytest.raises(InputError, match=r"contigs in place of|one name"):
        BigWig(path)
