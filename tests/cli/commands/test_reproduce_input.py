"""What a user types wrongly is refused before anything is done, and no report tells of places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.errors import VerificationError
from zooctl.reproduction.evidence.findings import plain
from zooctl.reproduction.report.report import from_text
from zooctl.reproduction.run.smoke import repeat_first_steps

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a space in its name, and nothing in it."""
    folder = tmp_path / "John Smith"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


SMOKE = ["reproduce", "toy", "--mode", "smoke"]


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/x"])
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_work_folders(here: Path, capsys: Captured, place: str, more: list[str]) -> None:
    if place.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("no /proc, where nothing can be made")
    Path("file").touch()
    assert run([*SMOKE, "--workdir", place, *more]) == 2
    err = capsys.readouterr().err
    assert "work folder" in err
    assert "Traceback" not in err


def test_a_journal_with_other_fields(here: Path, capsys: Captured) -> None:
    Path("work").mkdir()
    Path("work/journal.jsonl").write_text(json.dumps({"step": "train", "outputs": 3}) + "\n")
    command = ["reproduce", "toy", "--mode", "full", "--resume", "--workdir", "work"]
    assert run(command) == 2
    assert "work/journal.jsonl:1: journal is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["https://[bad/s", "https:///s", "https://host:port/s"])
def test_a_mirror_that_is_no_address(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, no_sockets: None, address: str
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", address)
    assert run(["data", "fetch", "toy"]) == 2
    err = capsys.readouterr().err
    assert "ZOOCTL_DATA_MIRROR: not an address" in err
    assert "Traceback" not in err
    run(["reproduce", "toy"])
    assert "Traceback" not in capsys.readouterr().err


def test_a_genome_that_is_not_there(here: Path, capsys: Captured) -> None:
    assert run([*SMOKE, "--fasta", "secret project/nonexist.fa", "--dry-run"]) == 2
    assert "secret project/nonexist.fa: no such file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x.md", "x.intoto.md"])
def test_a_report_that_its_own_text_would_replace(here: Path, capsys: Captured, name: str) -> None:
    assert run(["reproduce", "toy", "--report", name, "--force"]) == 2
    assert f"{name}: the report would be overwritten" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_smoke_that_trains_nothing_says_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    # The toy's data are nowhere.
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    assert run([*SMOKE, "--report", "r.json"]) == 3
    assert "--mode smoke was asked for, and nothing could be trained" in capsys.readouterr().err
    report = from_text(Path("r.json").read_bytes())
    assert report.exit_code == 3
    assert any(text.startswith("nothing was trained: B1") for text in report.warnings)


def test_first_steps_that_fail_tell_of_no_place(here: Path) -> None:
    gone = here / "secret project/nonexist.yaml"
    with pytest.raises(VerificationError) as failed:
        repeat_first_steps(gone, None, here / "work")
    text = plain(failed.value, here / "zoo")
    assert "nonexist.yaml: the first steps of training failed" in text
    for place in ("/", "John", "secret"):
        assert place not in text
