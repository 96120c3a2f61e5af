from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.errors import UnsafeError
from zooctl.files.disk.cache import cache_folder, make_cache_folder


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ZOOCTL_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_home_is_the_last_resort(bare: Path) -> None:
    assert cache_folder() == bare / ".cache" / "zooctl"


def test_own_variable_wins(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/zooctl")
    monkeypatch.setenv("ZOOCTL_HOME", "~/zoo")
    assert cache_folder() == bare / "zoo"


def test_relative_xdg_folder_is_ignored(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert cache_folder() == bare / ".cache" / "zooctl"


def test_import_and_lookup_create_nothing(bare: Path) -> None:
    code = "from zooctl.files.disk import atomic, cache; cache.cache_folder()"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "HOME": str(bare)})
    assert list(bare.iterdir()) == []


def test_new_folders_are_private(bare: Path) -> None:
    folder = make_cache_folder("fasta", "index")
    assert folder.is_dir()
    assert stat.S_IMODE(cache_folder().stat().st_mode) == 0o700


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="gives a folder away")
def test_writable_folder_of_another_user_is_refused(bare: Path) -> None:
    folder = make_cache_folder()
    os.chown(folder, 12345, -1)
    folder.chmod(0o777)
    with pytest.raises(
        UnsafeError, match=r"another user .*set ZOOCTL_HOME to a folder of your own"
    ):
        make_cache_folder("fasta")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOOCTL_HOME", str(bare / "own"))
        assert make_cache_folder("fasta").is_relative_to(bare / "own")
    folder.chmod(0o755)
    assert make_cache_folder("fasta").is_dir()
