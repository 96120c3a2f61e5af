"""Models travel in an archive; what an archive holds besides is refused."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.catalog import bundle
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.schema.manifest import Manifest

Change = Callable[[dict[str, bytes], list[tarfile.TarInfo]], None]


@pytest.fixture
def archive(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy as an archive; the cache is empty."""
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    path = tmp_path / "zoo.tar"
    assert run(["bundle", "export", "toy", "-o", str(path)]) == 0
    return path


def rewrite(archive: Path, change: Change) -> None:
    """Write the archive anew after a change of contents or of further members."""
    with tarfile.open(archive) as old:
        contents = {one.name: old.extractfile(one).read() for one in old}  # type: ignore[union-attr]
    extra: list[tarfile.TarInfo] = []
    change(contents, extra)
    with tarfile.open(archive, "w") as new:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
        for member in extra:
            new.addfile(member, io.BytesIO(bytes(member.size)))


def test_the_same_models_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar"
    assert run(["bundle", "export", "toy", "toy", "-o", str(again)]) == 0
    assert again.read_bytes() == archive.read_bytes()
    assert run(["bundle", "export", "toy", "-o", str(again)]) == 2


@pytest.mark.usefixtures("no_sockets")
def test_weights_of_a_known_model_are_found_offline(archive: Path, toy_zoo: Path) -> None:
    for file in ("model.onnx", "model.safetensors", "probe.safetensors"):
        (toy_zoo / "zoo/toy" / file).unlink()
    assert run(["pull", "toy"]) == 2
    assert run(["bundle", "import", str(archive)]) == 0
    assert run(["pull", "toy", "--offline"]) == 0


def test_an_unknown_model_gets_a_zoo_of_its_own(
    archive: Path, toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    (empty / "model_cards").mkdir(parents=True)
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: empty)
    monkeypatch.setenv("ZOOCTL_ZOO", str(empty))
    assert run(["bundle", "import", str(archive)]) == 2
    new = tmp_path / "new"
    assert run(["bundle", "import", str(archive), "--into", str(new)]) == 0
    assert run(["check", str(new / "zoo/toy")]) == 0
    monkeypatch.setenv("ZOOCTL_ZOO", str(new))
    assert run(["check", "toy"]) == 0
    assert run(["bundle", "import", str(archive), "--into", str(new)]) == 2


def test_another_version_of_a_known_model(archive: Path, toy_zoo: Path, tmp_path: Path) -> None:
    path = toy_zoo / "zoo/toy/manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["zoo/toy/model.onnx"]["sha256"] = "0" * 64
    path.write_text(json.dumps(manifest))
    assert run(["bundle", "import", str(archive)]) == 5
    assert not list((tmp_path / "home").rglob("model.onnx"))


def link(kind: bytes, name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def named(name: str, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


HOSTILE = {
    "symlink": link(tarfile.SYMTYPE, "zoo/toy/link", "/etc/passwd"),
    "hard link": link(tarfile.LNKTYPE, "zoo/toy/link", "zoo/toy/model.onnx"),
    "device": link(tarfile.CHRTYPE, "zoo/toy/device", ""),
    "fifo": link(tarfile.FIFOTYPE, "zoo/toy/fifo", ""),
    "folder": link(tarfile.DIRTYPE, "zoo/toy/folder", ""),
    "long name": link(tarfile.GNUTYPE_LONGNAME, "zoo/toy/name", ""),
    "header of headers": link(tarfile.XHDTYPE, "zoo/toy/header", ""),
    "sparse": link(tarfile.GNUTYPE_SPARSE, "zoo/toy/sparse", ""),
    "parent": named("../evil"),
    "parent inside": named("zoo/toy/../../../evil"),
    "absolute": named("/tmp/evil"),
    "windows": named("zoo\\toy\\evil"),
    "drive": named("C:/evil"),
    "hidden": named("zoo/toy/.evil"),
    "elsewhere": named("evil"),
    "twice": named("zoo/toy/model.onnx"),
    "letter case": named("zoo/toy/MODEL.onnx"),
    "not in the manifest": named("zoo/toy/evil"),
    "other model": named("zoo/evil/model.onnx"),
    "control": named("zoo/toy/\x1b[31m"),
    "long": named("zoo/toy/" + "x" * 200),
}


@pytest.mark.parametrize("member", HOSTILE.values(), ids=HOSTILE)
def test_hostile_members(
    archive: Path, tmp_path: Path, member: tarfile.TarInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(archive, lambda contents, extra: extra.append(member))
    before = sorted(tmp_path.iterdir())
    assert run(["bundle", "import", str(archive), "--into", str(tmp_path / "new")]) == 6
    assert sorted(tmp_path.iterdir()) == before
    assert "\x1b" not in capsys.readouterr().err


def test_too_large(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_BYTES", 1_000)
    assert run(["bundle", "import", str(archive)]) == 6


def test_changed_and_missing_files(archive: Path, tmp_path: Path) -> None:
    def flip(contents: dict[str, bytes], extra: list[tarfile.TarInfo]) -> None:
        contents["zoo/toy/model.onnx"] = b"!" + contents["zoo/toy/model.onnx"][1:]

    def remove(contents: dict[str, bytes], extra: list[tarfile.TarInfo]) -> None:
        del contents["zoo/toy/model.onnx"]

    whole = shutil.copy(archive, tmp_path / "whole.tar")
    for change in (flip, remove):
        shutil.copy(whole, archive)
        rewrite(archive, change)
        assert run(["bundle", "import", str(archive)]) == 5


@pytest.mark.parametrize("content", [b"", b"no tar", bytes(10240)])
def test_no_archive(toy_zoo: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "zoo.tar"
    path.write_bytes(content)
    assert run(["bundle", "import", str(path)]) == 2
    assert run(["bundle", "import", str(tmp_path / "none.tar")]) == 2


def test_cut_off(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:1_000])
    assert run(["bundle", "import", str(archive)]) in (2, 5)


def test_an_archive_of_another_version_is_kept_by_itself(
    archive: Path,
    toy_zoo: Path,
    tmp_path: Path,
    toy_graph: Callable[..., bytes],
    repin: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(toy_graph() + b"\x82\x01\x00")
    repin()
    assert run(["bundle", "import", str(archive)]) == 5
    err = capsys.readouterr().err
    assert "it is of another version; --into FOLDER keeps it by itself" in err
    assert run(["bundle", "import", str(archive), "--into", str(tmp_path / "own")]) == 0
    assert (tmp_path / "own/zoo/toy/model.onnx").read_bytes() == toy_graph()


def test_a_file_and_a_folder_of_one_name(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [["zoo/x/a", "zoo/x/a/b"], ["zoo/x/a/b", "zoo/x/a"], ["zoo/x/a", "zoo/x/A/b"]]
    for names in both:
        with tarfile.open(archive, "w") as tar:
            for name in names:
                tar.addfile(tarfile.TarInfo(name))
        assert run(["bundle", "import", str(archive), "--into", str(tmp_path / "new")]) == 6
        error = f"error: {archive}: a file and a folder have one name (got {names[1]})\n"
        assert capsys.readouterr().err == error
        assert sorted(path.name for path in tmp_path.iterdir() if "zooctl" in path.name) == []


def test_of_several_imports_one_wins(archive: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zooctl", "bundle", "import", str(archive), "--into", "new"]
    environment = {**os.environ, "PYTHONPATH": str(Path(bundle.__file__).parents[2])}
    started = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert sorted(code for _, code in ends) == [0, 2, 2, 2]
    for text, code in ends:
        if code:
            assert text.startswith("error: new: "), text
            assert "the folder" in text
    assert (tmp_path / "new/zoo/toy/model.onnx").is_file()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".zooctl")] == []


def test_a_folder_that_appears_while_it_unpacks(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into, unpack = tmp_path / "new", bundle.unpack

    def slowly(path: Path, folder: Path) -> list[Manifest]:
        found = unpack(path, folder)
        (into / "theirs").mkdir(parents=True)
        return found

    monkeypatch.setattr(bundle, "unpack", slowly)
    with pytest.raises(InputError, match="another process has just made the folder"):
        bundle.unpack_as_zoo(archive, into)
    assert [path.name for path in into.iterdir()] == ["theirs"]


KILLED = """
import os, signal, sys
from pathlib import Path
from zooctl.catalog import bundle
check = bundle._verify
bundle._verify = lambda *parts: os.kill(os.getpid(), signal.SIGKILL)
bundle.unpack_as_zoo(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_the_next_import_removes_what_a_killed_one_left(archive: Path, tmp_path: Path) -> None:
    into = tmp_path / "new"
    done = subprocess.run([sys.executable, "-c", KILLED, str(archive), str(into)])
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob(".zooctl-*")
    assert left.stat().st_mode & 0o777 == 0o700
    assert run(["bundle", "import", str(archive), "--into", str(into)]) == 0
    assert list(tmp_path.glob(".zooctl-*")) == []
    assert (into / "zoo/toy/model.onnx").is_file()
