"""Work folders whose names can be foreseen: ours alone, or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zooctl.errors import InputError, UnsafeError
from zooctl.files.disk.folder import OwnFolder


def test_it_is_created_for_its_owner(tmp_path: Path) -> None:
    folder = OwnFolder(tmp_path / "work")
    with folder.open("a", "w", encoding="utf-8") as file:
        file.write("text")
    folder.replace("a", "b")
    with folder.open("b", "rb") as file:
        assert file.read() == b"text"
    assert (tmp_path / "work").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "work/b").stat().st_mode & 0o777 == 0o600
    folder.close()
    again = OwnFolder(tmp_path / "work")
    again.remove()
    again.close()
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"cannot be created .*write the output into another folder"
    ):
        OwnFolder(tmp_path / "file/work")
    (tmp_path / "folder").mkdir()
    OwnFolder(tmp_path / "folder/work").close()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_others_may_write(tmp_path: Path, mode: int) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work").chmod(mode)
    with pytest.raises(UnsafeError, match=f"got mode {mode:o}; expected a folder of your own"):
        OwnFolder(tmp_path / "work")


def test_others_may_read_no_longer(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir(mode=0o755)
    OwnFolder(tmp_path / "work").close()
    assert (tmp_path / "work").stat().st_mode & 0o777 == 0o700


def test_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(UnsafeError, match=f"got one of user {owner}"):
        OwnFolder(tmp_path / "work")


def test_links_and_files(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work").symlink_to("elsewhere")
    with pytest.raises(UnsafeError, match="got a link"):
        OwnFolder(tmp_path / "work")
    (tmp_path / "work").unlink()
    (tmp_path / "work").write_text("")
    with pytest.raises(UnsafeError, match="got no folder"):
        OwnFolder(tmp_path / "work")
    with pytest.raises(InputError, match="cannot be created"):
        OwnFolder(tmp_path / "missing/work")


def test_a_link_in_it_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    folder = OwnFolder(tmp_path / "work")
    (tmp_path / "work/a").symlink_to(tmp_path / "mine")
    for mode in ("w", "a", "r"):
        with pytest.raises(UnsafeError, match="got a link"):
            folder.open("a", mode)
    folder.remove()
    folder.close()
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "work").exists()


def test_a_folder_that_is_exchanged(tmp_path: Path) -> None:
    """Files go on into the opened one, and the other is not removed."""
    folder = OwnFolder(tmp_path / "work")
    (tmp_path / "work").rename(tmp_path / "moved")
    (tmp_path / "work").mkdir()
    (tmp_path / "work/theirs").write_text("")
    assert not folder.is_there()
    with folder.open("a", "w") as file:
        file.write("text")
    assert (tmp_path / "moved/a").read_text() == "text"
    folder.remove()
    folder.close()
    assert (tmp_path / "work/theirs").exists()
