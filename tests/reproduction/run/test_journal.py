"""A step is skipped only if what it read and what it wrote are as they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.reproduction.run.journal import JOURNAL, Journal, check_work_folder, open_journal

INPUTS = {"recipe": f"sha256:{'1' * 64}"}

OTHER = {"recipe": f"sha256:{'2' * 64}"}


class Work:
    """A step that writes its file and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tries = folder, list[bool]()

    def __call__(self, resumes: bool) -> None:
        self.tries.append(resumes)
        (self.folder / "out").write_text("made")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def step(folder: Path, work: Work, inputs: dict[str, str] = INPUTS) -> bool:
    return Journal(folder).step("make", inputs, ["out"], work).resumed


def test_a_step_is_done_once(tmp_path: Path, work: Work) -> None:
    assert [step(tmp_path, work) for _ in range(3)] == [False, True, True]
    assert work.tries == [False]


def test_other_inputs_or_bytes_do_it_again(tmp_path: Path, work: Work) -> None:
    step(tmp_path, work)
    assert not step(tmp_path, work, OTHER)
    (tmp_path / "out").write_text("mane")
    assert not step(tmp_path, work, OTHER)
    (tmp_path / "out").unlink()
    assert not step(tmp_path, work, OTHER)
    assert len(work.tries) == 4


def test_what_was_broken_off_is_gone_on_with(tmp_path: Path, work: Work) -> None:
    def dying(resumes: bool) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Journal(tmp_path).step("make", INPUTS, ["out"], dying)
    step(tmp_path, work)
    assert work.tries == [True]


def test_what_was_broken_off_with_other_inputs_is_begun_anew(tmp_path: Path, work: Work) -> None:
    def dying(resumes: bool) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Journal(tmp_path).step("make", INPUTS, ["out"], dying)
    step(tmp_path, work, OTHER)
    assert work.tries == [False]


@pytest.mark.parametrize("cut", range(1, 40, 6))
def test_a_torn_last_line_is_as_if_it_were_not_there(tmp_path: Path, work: Work, cut: int) -> None:
    step(tmp_path, work)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-cut])
    torn = cut > 1
    assert step(tmp_path, work) is not torn
    assert step(tmp_path, work)
    assert work.tries == [False, True][: 1 + torn]


def test_a_damaged_journal_is_refused(tmp_path: Path, work: Work) -> None:
    step(tmp_path, work)
    path = tmp_path / JOURNAL
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(InputError, match=r"journal is damaged\. Hint: begin in a new folder"):
        step(tmp_path, work)
    (tmp_path / "new").mkdir()
    assert not step(tmp_path / "new", Work(tmp_path / "new"))


@pytest.mark.parametrize(
    "line",
    [
        {"step": "make"},
        {"inputs": INPUTS},
        {"step": "make", "inputs": None},
        {"step": "make", "inputs": INPUTS, "outputs": "out", "seconds": 1.0},
        {"step": "make", "inputs": INPUTS, "outputs": {"out": None}, "seconds": 1.0},
        {"step": "make", "inputs": INPUTS, "outputs": {}, "seconds": "long"},
        {"step": "make", "inputs": INPUTS, "mood": "good"},
        ["make"],
        None,
    ],
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_lines_that_no_journal_has_are_refused(
    tmp_path: Path, work: Work, line: object, end: str
) -> None:
    step(tmp_path, work)
    with (tmp_path / JOURNAL).open("a") as file:
        file.write(json.dumps(line) + end)
    with pytest.raises(InputError, match="journal is damaged"):
        step(tmp_path, work)
    with pytest.raises(InputError, match="journal is damaged"):
        check_work_folder(tmp_path, True)


def test_a_work_folder_is_looked_at_without_leaving_a_trace(tmp_path: Path) -> None:
    check_work_folder(tmp_path / "a/b", False)
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "file"
    file.touch()
    for place in (file, file / "below"):
        with pytest.raises(InputError, match="no folder"):
            check_work_folder(place, False)
    (tmp_path / "work" / JOURNAL).mkdir(parents=True)
    with pytest.raises(InputError, match="journal is no file"):
        check_work_folder(tmp_path / "work", True)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, where nothing can be made")
def test_a_work_folder_that_cannot_be_made() -> None:
    with pytest.raises(InputError, match="cannot be written to"):
        check_work_folder(Path("/proc/x"), False)


def test_folders_that_are_not_taken(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with open_journal(work, False) as journal:
        journal.step("make", INPUTS, [], lambda resumes: None)
        with pytest.raises(InputError, match="in use"), open_journal(work, True):
            pass
    with pytest.raises(InputError, match="--resume"), open_journal(work, False):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").touch()
    with pytest.raises(InputError, match="not empty"), open_journal(tmp_path / "other", True):
        pass
