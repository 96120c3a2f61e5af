"""Parts of a store, against a plain dictionary: added, asked, merged, damaged, by many at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy_scores import check, keys, row

from zooctl.files.score_store import parts as parts_module
from zooctl.files.score_store.parts import PartFolder
from zooctl.files.score_store.queries import Queries
from zooctl.files.score_store.rows import Key, to_table


@pytest.fixture
def folder(tmp_path: Path) -> PartFolder:
    return PartFolder(tmp_path, Queries())


def test_what_is_added_is_found(folder: PartFolder) -> None:
    first, second = keys(60, 1), keys(60, 2)
    for some in (first, second):
        folder.add(to_table({key: row(key) for key in some}))
    absent = [Key(7, "A", "G"), Key(9_999, "A", "CT"), Key(first[0].start, "A", "CT", True, "GENE")]
    check(folder.ask([*second, *absent, *first, *first]), first + second)
    assert folder.ask(absent) == {}
    assert folder.ask([]) == {}


def test_parts_are_merged_and_nothing_is_lost(folder: PartFolder, tmp_path: Path) -> None:
    """Also where alleles come twice, and where another object has listed the merged parts."""
    other, wanted = PartFolder(tmp_path, Queries()), set[Key]()
    for seed in range(0, 80, 2):
        some = keys(12, seed)
        wanted.update(some)
        folder.add(to_table({key: row(key) for key in some}))
        check(other.ask(sorted(wanted)), sorted(wanted))
    assert len(folder.parts()) < 40 // 2
    batches = [batch.to_pydict() for batch in folder.in_order()]
    listed = [one for batch in batches for one in zip(batch["start"], batch["ref"], strict=True)]
    assert listed == sorted(listed)
    assert len(listed) == len(wanted)


def test_long_tables_are_cut(folder: PartFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "MOST_ROWS", 25)
    some = keys(200, 4)
    folder.add(to_table({key: row(key) for key in some}))
    assert all(part.rows <= 25 for part in folder.parts())
    check(folder.ask(some), some)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other"])
def test_a_damaged_part_is_dropped(tmp_path: Path, damage: str) -> None:
    """Whatever was done to it, and before it is read as Parquet."""
    folder = PartFolder(tmp_path, Queries())
    kept, lost = keys(30, 6), [Key(900 + i, "A", "C") for i in range(20)]
    folder.add(to_table({key: row(key) for key in kept}))
    folder.add(to_table({key: row(key) for key in lost}))
    part = next(part.path for part in folder.parts() if part.first == 900)
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    other = next(one.path for one in folder.parts() if one.path != part).read_bytes()
    part.write_bytes(
        {"flip": bytes(content), "cut": content[:-9], "empty": b"", "other": other}[damage]
    )
    said: list[str] = []
    again = PartFolder(tmp_path, Queries(), said.append)
    check(again.ask(kept + lost), kept)
    assert said == [f"store: a damaged part is dropped: {part}"]
    assert not part.exists()


def filled(path: Path, n: int) -> PartFolder:
    """So many parts of ten rows, one behind the other, with no merge."""
    folder = PartFolder(path, Queries())
    for first in range(0, 10 * n, 10):
        some = [Key(first + i, "A", "C") for i in range(10)]
        folder._write(to_table({key: row(key) for key in some}))
    return folder


def test_damaged_parts_are_not_merged(tmp_path: Path) -> None:
    """A run that adds to a store goes on, though all that it would merge is damaged."""
    for part in filled(tmp_path, 16).parts():
        part.path.write_bytes(b"")
    said: list[str] = []
    again = PartFolder(tmp_path, Queries(), said.append)
    some = [Key(900 + i, "A", "C") for i in range(40)]
    again.add(to_table({key: row(key) for key in some}))
    assert len(said) == 16
    check(again.ask(some), some)


def test_full_parts_are_left_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Merging them would write as many again, with every addition."""
    monkeypatch.setattr(parts_module, "MOST_ROWS", 10)
    folder = filled(tmp_path, 15)
    merged: list[object] = []
    monkeypatch.setattr(Queries, "merge", lambda self, paths: merged.append(paths))
    folder.add(to_table({key: row(key) for key in [Key(900 + i, "A", "C") for i in range(10)]}))
    assert len(folder.parts()) == 16
    assert merged == []


def test_a_merge_that_another_process_was_faster_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that go while they are merged, on a file system without locks, end no run."""
    folder, merge = filled(tmp_path, 15), Queries.merge

    def late(self: Queries, paths: list[Path]) -> object:
        paths[3].unlink()
        return merge(self, paths)

    monkeypatch.setattr(Queries, "merge", late)
    some = [Key(900 + i, "A", "C") for i in range(10)]
    folder.add(to_table({key: row(key) for key in some}))
    check(folder.ask(some), some)
    assert len(folder.parts()) == 15


def test_a_merge_while_rows_are_read_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts are listed anew; rows come once."""
    folder, other = filled(tmp_path, 15), PartFolder(tmp_path, Queries())
    ordered, late = Queries.in_order, [Key(150 + i, "A", "C") for i in range(10)]

    def merged_before(self: Queries, paths: list[Path], bounds: tuple[int, int]) -> object:
        if late:
            other.add(to_table({key: row(key) for key in late}))
            late.clear()
        return ordered(self, paths, bounds)

    monkeypatch.setattr(Queries, "in_order", merged_before)
    starts = [start for batch in folder.in_order() for start in batch.to_pydict()["start"]]
    assert starts == list(range(160))


def test_a_damaged_part_is_written_again(tmp_path: Path) -> None:
    """It has the name of the new one, and is not taken for it."""
    some = [Key(900 + i, "A", "C") for i in range(10)]
    table = to_table({key: row(key) for key in some})
    PartFolder(tmp_path, Queries()).add(table)
    (part,) = tmp_path.glob("*.parquet")
    part.write_bytes(b"")
    again = PartFolder(tmp_path, Queries())
    again.add(table)
    check(again.ask(some), some)


ADDING = """
import sys
from pathlib import Path
from toy_scores import keys, row, check
from zooctl.files.score_store.queries import Queries
from zooctl.files.score_store.parts import PartFolder
from zooctl.files.score_store.rows import to_table
folder, seed = PartFolder(Path(sys.argv[1]), Queries()), int(sys.argv[2])
for n in range(30):
    some = keys(9, 1000 * seed + 2 * n)
    folder.add(to_table({key: row(key) for key in some}))
    check(folder.ask(some), some)
"""


def test_three_processes_at_once(tmp_path: Path) -> None:
    """Each finds what it has added, at once and in the end, while all of them merge."""
    tests = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    running = [
        subprocess.Popen([sys.executable, "-c", ADDING, str(tmp_path), str(seed)], env=tests)
        for seed in (2, 4, 6)
    ]
    assert [one.wait() for one in running] == [0, 0, 0]
    wanted = sorted(
        {key for seed in (2, 4, 6) for n in range(30) for key in keys(9, 1000 * seed + 2 * n)}
    )
    folder = PartFolder(tmp_path, Queries())
    check(folder.ask(wanted), wanted)
    assert len(folder.parts()) < 60
