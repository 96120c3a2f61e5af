"""Entries become visible whole, whoever else adopts, and whatever kills an adoption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.inference.adopt.staging import staged
from zooctl.schema.manifest import MANIFEST


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "model_cards").mkdir()
    return tmp_path


def write(work: Path, name: str, text: str) -> None:
    (work / "model_cards").mkdir(exist_ok=True)
    (work / f"model_cards/{name}.yaml").write_text(text)
    (work / f"zoo/{name}/{MANIFEST}").write_text(text)
    (work / f"zoo/{name}/model.onnx").write_text(text)


def content(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".adopt.lock"
    }


def entry(name: str, text: str) -> dict[str, str]:
    files = (f"model_cards/{name}.yaml", f"zoo/{name}/{MANIFEST}", f"zoo/{name}/model.onnx")
    return dict.fromkeys(sorted(files), text)


def test_an_entry_appears_whole(root: Path) -> None:
    with staged(root, "new", force=False) as work:
        write(work, "new", "1")
        assert content(root / "zoo") == content(root / "model_cards") == {}
        assert work.stat().st_mode & 0o777 == 0o700
    assert content(root) == entry("new", "1")


def adopt_in_vain(root: Path) -> None:
    with staged(root, "new", force=False) as work:
        write(work, "new", "1")
        raise KeyError


def test_failure_leaves_nothing_and_a_second_call_works(root: Path) -> None:
    with pytest.raises(KeyError):
        adopt_in_vain(root)
    assert content(root) == {}
    with staged(root, "new", force=False) as work:
        write(work, "new", "2")
    assert content(root) == entry("new", "2")


def test_force_replaces_all_and_keeps_recipe_and_pictures(root: Path) -> None:
    with staged(root, "new", force=False) as work:
        write(work, "new", "1")
    (root / "zoo/new/model.safetensors").write_text("of the old one")
    (root / "recipes").mkdir()
    (root / "recipes/new.yaml").write_text("recipe")
    (root / "model_cards/new.png").write_text("picture")
    with staged(root, "new", force=True) as work:
        assert (work / "recipes/new.yaml").read_text() == "recipe"
        assert (work / "model_cards/new.png").read_text() == "picture"
        write(work, "new", "2")
    others = {"recipes/new.yaml": "recipe", "model_cards/new.png": "picture"}
    assert content(root) == entry("new", "2") | others


def adopt_while_another_does(root: Path) -> None:
    with staged(root, "new", force=False) as second:
        write(second, "new", "2")
        with staged(root, "new", force=False) as first:
            write(first, "new", "1")


def test_of_two_at_once_the_first_wins(root: Path) -> None:
    with pytest.raises(InputError, match="another process has just written such a model"):
        adopt_while_another_does(root)
    assert content(root) == entry("new", "1")


RACE = """
import sys
from pathlib import Path
from tests_staging import write
from zooctl.errors import InputError
from zooctl.inference.adopt.staging import staged
root = Path(sys.argv[1])
sys.stdin.readline()
try:
    with staged(root, "new", force=False) as work:
        write(work, "new", sys.argv[2])
except InputError as error:
    sys.exit(2)
"""


def test_eight_processes_race_for_one_name(root: Path, tmp_path: Path) -> None:
    code = RACE.replace("tests_staging", Path(__file__).stem)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(root), str(number)],
            stdin=subprocess.PIPE,
            env=environment,
        )
        for number in range(8)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    codes = []
    for process in processes:
        process.communicate(timeout=120)
        codes.append(process.returncode)
    assert sorted(codes) == [0, *[2] * 7]
    assert content(root) == entry("new", str(codes.index(0)))
    assert [path.name for path in root.glob(".adopt-*")] == []


KILLED = """
import os, signal, sys
from pathlib import Path
from tests_staging import write
from zooctl.inference.adopt import staging
root, step = Path(sys.argv[1]), int(sys.argv[2])
done = 0
def counted(original):
    def rename(self, target):
        global done
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1
        return original(self, target)
    return rename
Path.rename, Path.replace = counted(Path.rename), counted(Path.replace)
with staging.staged(root, "new", force=True) as work:
    write(work, "new", "2")
    if step < 0:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("step", "text"), [(-1, "1"), (0, "2"), (1, "2"), (2, "2")])
def test_the_next_adoption_cleans_up_after_a_kill(root: Path, step: int, text: str) -> None:
    """Killed before it was complete, the old entry stays; later, the new one is finished."""
    with staged(root, "new", force=False) as work:
        write(work, "new", "1")
    code = KILLED.replace("tests_staging", Path(__file__).stem)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
    }
    command = [sys.executable, "-c", code, str(root), str(step)]
    killed = subprocess.run(command, env=environment, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(root.glob(".adopt-*"))) == 1
    with staged(root, "other", force=False) as work:
        write(work, "other", "3")
    assert list(root.glob(".adopt-*")) == []
    assert content(root) == entry("new", text) | entry("other", "3")


def test_work_of_living_adoptions_stays(root: Path) -> None:
    with staged(root, "one", force=False) as first:
        with staged(root, "two", force=False) as second:
            assert first.is_dir()
            write(second, "two", "2")
        write(first, "one", "1")
    assert content(root) == entry("one", "1") | entry("two", "2")


def test_a_link_at_the_name_of_a_work_folder_is_left_alone(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    (root / ".adopt-new-link").symlink_to(outside)
    with staged(root, "new", force=False) as work:
        write(work, "new", "1")
    assert (outside / "file").read_text() == "x"
    assert (root / ".adopt-new-link").is_symlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_zoo_that_cannot_be_written(root: Path) -> None:
    root.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        adopt_in_vain(root)
