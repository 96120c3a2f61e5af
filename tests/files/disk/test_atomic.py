from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output, check_output

WRITER = """
import sys, time
from zooctl.files.disk.atomic import atomic_output
with atomic_output(sys.argv[1], force=True) as temporary:
    temporary.write_text("half of it")
    print("writing", flush=True)
    time.sleep(60)
"""


def write(target: Path, text: str, *, force: bool = False) -> None:
    with atomic_output(target, force=force) as temporary:
        temporary.write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def start_writer(target: Path) -> subprocess.Popen[str]:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer.stdout as said:
        assert said.readline() == "writing\n"
    return writer


def test_appears_only_when_complete(tmp_path: Path) -> None:
    target = tmp_path / "a.bw"
    with atomic_output(target, force=False) as temporary:
        temporary.write_text("values")
        assert not target.exists()
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".zooctl-")
        assert temporary.suffix == ".bw"
    assert target.read_text() == "values"
    assert names(tmp_path) == ["a.bw"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_the_old_file(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "a.bw"
    target.write_text("old")

    def fail_halfway() -> None:
        with atomic_output(target, force=True) as temporary:
            temporary.write_text("new")
            raise failure

    with pytest.raises(failure):
        fail_halfway()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.bw"]


def test_sigkill_leaves_no_partial_file_and_the_next_run_cleans(tmp_path: Path) -> None:
    target = tmp_path / "a.bw"
    target.write_text("old")
    writer = start_writer(target)
    writer.send_signal(signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == 2
    write(target, "new", force=True)
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.bw"]


def test_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    writer = start_writer(tmp_path / "a.bw")
    write(tmp_path / "b.bw", "other")
    assert len(names(tmp_path)) == 2
    writer.kill()
    writer.wait()
    write(tmp_path / "c.bw", "other")
    assert names(tmp_path) == ["b.bw", "c.bw"]


def test_a_reused_process_number_does_not_protect(tmp_path: Path) -> None:
    with atomic_output(tmp_path / "a", force=False) as temporary:
        prefix, place, pid, start, count = temporary.name.split("-")
    stale = tmp_path / "-".join((prefix, place, pid, f"{start}0", count))
    elsewhere = tmp_path / "-".join((prefix, "0" * 8, pid, f"{start}0", count))
    foreign = tmp_path / ".zooctl-notes"
    for path in (stale, elsewhere, foreign):
        path.touch()
    write(tmp_path / "b", "")
    assert names(tmp_path) == sorted([elsewhere.name, foreign.name, "a", "b"])


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_are_those_of_open(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "ours", "")
        (tmp_path / "theirs").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_replacing_keeps_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.touch()
    target.chmod(0o640)
    write(target, "new", force=True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_existing_needs_force(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_text("old")
    with pytest.raises(InputError, match=r"output exists.*--force"):
        write(target, "new")
    assert target.read_text() == "old"
    write(target, "new", force=True)
    assert target.read_text() == "new"


def test_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with pytest.raises(InputError, match="appeared"), atomic_output(target, force=False):
        target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert names(tmp_path) == ["a"]


def test_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real/a")
    write(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a").read_text() == "new"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/a", "folder does not exist"),
        ("folder", "output is a folder"),
        ("file/a", "folder is a file"),
        ("x" * 256, "cannot be written"),
    ],
)
def test_bad_targets_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=message):
        check_output(tmp_path / name, force=True)
    assert names(tmp_path) == ["file", "folder"]


def test_device_is_refused() -> None:
    with pytest.raises(InputError, match="not a regular file"):
        check_output("/dev/null", force=True)


def test_unwritable_folder_is_refused() -> None:
    # /proc refuses new files even to root.
    with pytest.raises(InputError, match=r"not writable|cannot be written"):
        check_output("/proc/self/a.bw", force=False)


@pytest.mark.parametrize("kind", ["same", "link", "hard link"])
def test_output_equal_to_an_input_is_refused(tmp_path: Path, kind: str) -> None:
    source, target = tmp_path / "a.bed", tmp_path / "b.bed"
    source.write_text("chr21\t0\t1\n")
    if kind == "same":
        target = tmp_path / "." / "a.bed"
    elif kind == "link":
        target.symlink_to(source)
    else:
        target.hardlink_to(source)
    with pytest.raises(InputError, match="also an input"):
        check_output(target, force=True, inputs=[source])


@pytest.mark.parametrize("name", ["with space", "new\nline", "ünïcode", "-dash", "y" * 255])
def test_odd_names(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "text")
    assert names(tmp_path) == [name]


def test_full_disk_is_an_input_error(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="no space left"),
        atomic_output(tmp_path / "a", force=False),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert names(tmp_path) == []


def test_file_size_limit_is_an_input_error(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(InputError, match="no space left"):
            write(tmp_path / "a", "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that lies about itself")
def test_a_folder_that_claims_to_be_writable_is_tried() -> None:
    # To root, permissions allow writing into /proc; creating a file there fails all the same.
    with pytest.raises(InputError, match="not writable"):
        check_output("/proc/a.bw", force=False)
