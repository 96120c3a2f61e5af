"""Chunks of an output on disk: what a killed run leaves, and how the next goes on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from zooctl.errors import InputError, UnsafeError
from zooctl.files.disk.bgzf import END
from zooctl.files.vcf.chunks import Parts

SETTINGS = {"model": "toy", "shifts": 20, "seed": None, "rc": False}


def start(target: Path, n: int = 2) -> Parts:
    parts = Parts(target, SETTINGS, resume=False)
    for number in range(n):
        add(parts, number)
    return parts


def add(parts: Parts, number: int) -> None:
    text = f"chunk {number}\n" * 9000
    note = {"toy": {"OK": number}}
    parts.add(text.encode(), records=10 * (number + 1), read=f"d{number}", note=note)


def text_of(parts: Parts) -> str:
    return gzip.decompress(b"".join(parts.pieces()) + END).decode()


def test_chunks_are_kept_and_gone_on_with(tmp_path: Path) -> None:
    target = tmp_path / ("long" * 60 + ".vcf.gz")
    with start(target) as parts:
        pass
    with Parts(target, dict(reversed(SETTINGS.items())), resume=True) as again:
        assert again.chunks == parts.chunks
        assert [(chunk.records, chunk.read) for chunk in again.chunks] == [(10, "d0"), (20, "d1")]
        assert again.chunks[1].note == {"toy": {"OK": 1}}
        add(again, 2)
        assert text_of(again) == "".join(f"chunk {n}\n" * 9000 for n in range(3))
        whole = b"".join(again.pieces())
        again.remove()
    assert list(tmp_path.iterdir()) == []
    with start(target, 3) as straight:
        assert b"".join(straight.pieces()) == whole


def test_without_resume_it_begins_anew(tmp_path: Path) -> None:
    start(tmp_path / "a.vcf").close()
    with Parts(tmp_path / "a.vcf", {"model": "other"}, resume=False) as parts:
        assert parts.chunks == []
        assert text_of(parts) == ""


def test_nothing_finished_leaves_nothing(tmp_path: Path) -> None:
    with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as parts:
        assert parts.chunks == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"shifts": 1}, "shifts has changed since (got 1; expected 20)"), ({"x": 2}, "x has changed")],
)
def test_other_settings(tmp_path: Path, changed: dict[str, int], message: str) -> None:
    start(tmp_path / "a.vcf").close()
    with pytest.raises(InputError) as caught:
        Parts(tmp_path / "a.vcf", SETTINGS | changed, resume=True)
    assert message in str(caught.value)
    with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as parts:
        assert len(parts.chunks) == 2


def test_two_processes(tmp_path: Path) -> None:
    with start(tmp_path / "a.vcf"), pytest.raises(InputError, match="another zooctl is writing"):
        Parts(tmp_path / "a.vcf", SETTINGS, resume=False)
    with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as parts:
        assert len(parts.chunks) == 2


def test_what_a_dead_process_wrote_last_is_cut_off(tmp_path: Path) -> None:
    parts = start(tmp_path / "a.vcf", 3)
    parts.close()
    journal = parts.folder / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    whole = parts.text.read_bytes()
    # Killed within a line of the journal, and within the text of a chunk.
    for torn in ([*lines[:3], lines[3][:20]], [*lines[:3], "{}\n"], lines[:3]):
        journal.write_text("".join(torn))
        parts.text.write_bytes(whole + b"half a chunk")
        with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as again:
            assert len(again.chunks) == 2
            add(again, 2)
            assert b"".join(again.pieces()) == whole


def test_damaged_text_is_made_again(tmp_path: Path) -> None:
    parts = start(tmp_path / "a.vcf", 3)
    parts.close()
    content = bytearray(parts.text.read_bytes())
    content[parts.chunks[0].size + 30] ^= 1
    parts.text.write_bytes(content)
    with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as again:
        assert len(again.chunks) == 1
    parts.text.unlink()
    with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as again:
        assert again.chunks == []


def test_journal_that_is_none(tmp_path: Path) -> None:
    for content in (b"", b"\xff\xfe", b"not json\n", b"[]\n"):
        parts = start(tmp_path / "a.vcf")
        parts.close()
        (parts.folder / "journal.jsonl").write_bytes(content)
        with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as again:
            assert again.chunks == []


def test_journal_is_readable(tmp_path: Path) -> None:
    parts = start(tmp_path / "a.vcf", 1)
    parts.close()
    settings, chunk = map(json.loads, (parts.folder / "journal.jsonl").read_text().splitlines())
    assert settings == SETTINGS
    assert chunk["records"] == 10


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """Planted at the name that can be foreseen, with links to files of ours."""
    parts = start(tmp_path / "a.vcf")
    parts.close()
    (tmp_path / "mine").write_text("mine")
    parts.folder.rename(tmp_path / "planted")
    parts.folder.symlink_to("planted")
    with pytest.raises(UnsafeError, match="somebody else may change the work folder"):
        Parts(tmp_path / "a.vcf", SETTINGS, resume=True)
    parts.folder.unlink()
    (tmp_path / "planted").rename(parts.folder)
    for name in ("text.bgz", "journal.jsonl", "journal.new"):
        (parts.folder / name).unlink(missing_ok=True)
        (parts.folder / name).symlink_to(tmp_path / "mine")
        with pytest.raises(UnsafeError, match="got a link"):
            start(tmp_path / "a.vcf")
        (parts.folder / name).unlink(missing_ok=True)
    assert (tmp_path / "mine").read_text() == "mine"


def test_an_unfinished_run_is_counted_before_it_is_begun_anew(tmp_path: Path) -> None:
    start(tmp_path / "a.vcf", 3).close()
    with Parts(tmp_path / "a.vcf", {"model": "other"}, resume=False) as parts:
        assert parts.n_discarded == 30
    with Parts(tmp_path / "a.vcf", SETTINGS, resume=True) as parts:
        assert parts.n_discarded == 0
