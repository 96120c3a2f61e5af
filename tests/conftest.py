"""What every test may ask for: the checkout, and the mirror of real data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout."""
    return REPO


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of real data that may not travel in the repository; without it, tests are skipped."""
    folder = Path(os.environ.get("ZOOCTL_DATA_MIRROR", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"REAL DATA MISSING: no folder {folder}; set ZOOCTL_DATA_MIRROR")
    return folder.resolve()


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache; one cache is shared by the tests of a run."""
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path_factory.getbasetemp() / "zooctl-home"))
