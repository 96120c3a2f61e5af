"""Lines of text files: every packing, and bounds of what is read."""

from __future__ import annotations

import gzip
import io
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.disk import text as module
from zooctl.files.disk.bgzf import compress
from zooctl.files.disk.text import MOST_LINE, read_lines, split_lines

TEXT = b"\xef\xbb\xbfchr1\t0\r\nchr2\t5\n\nlast"
LINES = [(1, "chr1\t0"), (2, "chr2\t5"), (3, ""), (4, "last")]


def bgzip(content: bytes) -> bytes:
    packed = io.BytesIO()
    compress(io.BytesIO(content), packed)
    return packed.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bgzip])
def test_all_packings_read_the_same(tmp_path: Path, pack: type[bytes]) -> None:
    (tmp_path / "a").write_bytes(pack(TEXT))
    assert list(read_lines(tmp_path / "a")) == LINES


def test_lines_across_pieces() -> None:
    pieces = [b"ab", b"c\nd", b"\n", b"\n", b"e\nf\ng", b"h"]
    assert list(split_lines(iter(pieces), 3, "a")) == [b"abc", b"d", b"", b"e", b"f", b"gh"]
    with pytest.raises(InputError, match=r"a:5: line is too long .got over 1 bytes"):
        list(split_lines(iter([b"a\n", b"b\nc\nd\n", b"ef"]), 1, "a"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bgzip])
def test_a_line_without_end(tmp_path: Path, pack: type[bytes]) -> None:
    (tmp_path / "a").write_bytes(pack(b"chr1\t0\t9\n" + b"x" * (MOST_LINE + 1)))
    with pytest.raises(InputError, match=r"a:2: line is too long .got over 16,777,216 bytes"):
        list(read_lines(tmp_path / "a"))


def test_a_device_without_end() -> None:
    with pytest.raises(InputError, match=r"/dev/zero:1: line is too long"):
        list(read_lines(Path("/dev/zero")))


def test_a_small_archive_of_a_huge_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"chr1\t0\t9\n" * 1_000_000
    (tmp_path / "a").write_bytes(gzip.compress(content))
    assert sum(1 for _ in read_lines(tmp_path / "a")) == 1_000_000
    monkeypatch.setattr(module, "_RATIO_FROM", 1 << 20)
    with pytest.raises(InputError, match="small archive of a huge text"):
        list(read_lines(tmp_path / "a"))
    (tmp_path / "a").write_bytes(content)
    assert sum(1 for _ in read_lines(tmp_path / "a")) == 1_000_000


def test_memory_is_bounded(tmp_path: Path) -> None:
    """One line of 1 GB, packed into 1 MB."""
    with gzip.open(tmp_path / "a", "wb", compresslevel=1) as file:
        for _ in range(64):
            file.write(bytes(1 << 24))
    code = (
        "import sys; from pathlib import Path; from zooctl.files.disk.text import read_lines\n"
        "list(read_lines(Path(sys.argv[1])))"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert "InputError" in done.stderr
    assert "line is too long" in done.stderr


def test_a_closed_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match=r"stdin is closed\. Hint: name a file"):
        list(read_lines(Path("-")))
    (tmp_path / "a.bed").write_text("chr1\t0\t9\n")
    assert len(list(read_lines(tmp_path / "a.bed"))) == 1
