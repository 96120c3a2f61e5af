"""What every test may ask for: the checkout, and the mirror of real data."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import Hub, local_hub
from hypothesis import HealthCheck, settings

import zooctl  # noqa: F401  before a test copies the environment, which it makes private

# Threads of OpenMP that wait for work would take the cores from the tests of another process.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

REPO = Path(__file__).resolve().parent.parent

# Commands find the real data where tests do.
if (REPO.parent / "shared/data").is_dir():
    os.environ.setdefault("ZOOCTL_DATA_MIRROR", str(REPO.parent / "shared/data"))

# A shell ignores interrupts in what it runs in its background, and all that this starts in turn
# would too; what commands do when they are interrupted is tested there as well.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# The same examples in every run, so that a commit's result can be repeated; new ones are drawn with
# `pytest --hypothesis-profile default`. A busy machine is no fault of the code: nothing is timed.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


# Each takes more than 2.5 seconds of an idle core, all of them half an hour.
SLOW = frozenset((REPO / "tests/slow_tests.txt").read_text().splitlines())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of ``slow_tests.txt`` as slow; a name without brackets is all of its cases.

    Raises:
        pytest.UsageError: One of a file that was collected whole is not there.
    """
    for item in items:
        if SLOW & _names(item):
            item.add_marker(pytest.mark.slow)
    if not any("::" in argument for argument in config.args):
        there = {name for item in items for name in _names(item)}
        whole = {name.partition("::")[0] for name in there}
        gone = [name for name in SLOW - there if name.partition("::")[0] in whole]
        if gone:
            raise pytest.UsageError(f"tests/slow_tests.txt names no test: {min(gone)}")


def _names(item: pytest.Item) -> set[str]:
    return {item.nodeid, item.nodeid.partition("[")[0]}


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
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test touches the user's cache, and what a command sets for its process ends with the test.

    One cache is shared by the tests of a run.
    """
    found = dict(os.environ)
    os.environ["ZOOCTL_HOME"] = str(tmp_path_factory.getbasetemp() / "zooctl-home")
    yield
    os.environ.clear()
    os.environ.update(found)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine in place of the real one, empty caches, and little patience."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
    monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.5)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.5)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("ZOOCTL_OFFLINE", raising=False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.02)))
    with local_hub() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to connect fails the test."""
    import socket

    def refuse(*args: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
