"""Downloads from a server that fails in every known way: the pinned bytes, or an error in time."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import multiprocessing
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from http_server import FailingServer, failing_server

from zooctl.errors import InputError, IntegrityError, NetworkError, UnsafeError
from zooctl.files.download import part as partial
from zooctl.files.download.download import download
from zooctl.files.download.transfer import Policy, content_length, content_range, is_compressed

CONTENT = random.Random(7).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FAST = Policy(
    connect=1.0,
    read=0.4,
    tries=4,
    first_wait=0.02,
    longest_wait=0.1,
    patience=3.0,
    loopback=True,
)


@pytest.fixture
def server() -> Iterator[FailingServer]:
    with failing_server(CONTENT) as running:
        yield running


def fetch(urls: list[str] | str, folder: Path, policy: Policy = FAST) -> Path:
    return download(
        [urls] if isinstance(urls, str) else urls,
        folder / "x.bw",
        size=len(CONTENT),
        sha256=SHA256,
        policy=policy,
    )


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


@pytest.mark.parametrize(
    ("mode", "requests"),
    [
        ("normal", 1),
        ("503_then_ok", 3),
        ("429_then_ok", 2),
        ("429_for_hours", 2),
        ("drop_mid_transfer", 3),
        ("stall", 2),
        ("no_content_length", 1),
        ("no_content_length_short", 2),
        ("redirect", 1),
        ("range_ignored", 2),
        ("other_range", 3),
        ("etag_changed_mid_resume", 2),
        ("changed_under_one_etag", 3),
        ("gzip_content_encoding", 1),
        ("gzip_in_name_only", 1),
    ],
)
def test_survived(tmp_path: Path, server: FailingServer, mode: str, requests: int) -> None:
    path = fetch(server.url(mode), tmp_path)
    assert path.read_bytes() == CONTENT
    assert visible(tmp_path) == ["x.bw"]
    assert server.asked[mode] == requests


@pytest.mark.parametrize(
    ("mode", "error", "message", "requests"),
    [
        ("404", NetworkError, "has no such file", 1),
        ("407", NetworkError, "proxy that asks for a login", 1),
        ("503", NetworkError, "after 4 failures; the last: it answers 503", 4),
        ("stall_always", NetworkError, "did not answer in time", 4),
        ("drop_always", NetworkError, "gave up on http://127.0.0.1", 4),
        ("drop_at_once", NetworkError, "gave up on http://127.0.0.1", 4),
        ("wrong_bytes", IntegrityError, "differs from the pinned bytes .*sha256", 1),
        ("wrong_length", IntegrityError, "got 300,005 bytes .*expected 300,000 bytes", 1),
        ("endless", IntegrityError, "got more than 300,000 bytes", 1),
        ("redirect_loop", NetworkError, "redirects without end", 6),
        ("redirect_other_host", UnsafeError, "not downloaded from evil.example.org", 1),
        ("gzip_bomb", IntegrityError, "got more than 300,000 bytes", 1),
        ("gzip_damaged", IntegrityError, "damaged compressed data", 1),
        ("captive_portal", IntegrityError, "a web page came in place of the file", 1),
        ("captive_portal_unlimited", IntegrityError, "a web page came in place", 1),
    ],
)
def test_refused(
    tmp_path: Path,
    server: FailingServer,
    mode: str,
    error: type[Exception],
    message: str,
    requests: int,
) -> None:
    with pytest.raises(error, match=message):
        fetch(server.url(mode, query="?secret=1"), tmp_path)
    assert not (tmp_path / "x.bw").exists()
    assert server.asked[mode] == requests
    if mode != "drop_always":  # What came of it is kept for the next run.
        assert visible(tmp_path) == []


@pytest.mark.parametrize(
    ("mode", "hint"),
    [
        ("wrong_bytes", "its publisher changed it, or something between changes files on the way"),
        ("wrong_length", "its publisher changed it"),
        ("captive_portal", "log in to the network you are on"),
    ],
)
def test_the_file_comes_when_its_cause_is_gone(
    tmp_path: Path, server: FailingServer, mode: str, hint: str
) -> None:
    with pytest.raises(IntegrityError) as caught:
        fetch(server.url(mode), tmp_path)
    assert caught.value.hint == hint
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT


def test_exit_codes_and_secrets(tmp_path: Path, server: FailingServer) -> None:
    server.elsewhere = "https://evil.example.org/x.bw?X-Amz-Signature=secret"
    for mode, code in (("503", 4), ("wrong_bytes", 5), ("redirect_other_host", 6)):
        with pytest.raises((NetworkError, IntegrityError, UnsafeError)) as caught:
            fetch(server.url(mode, query="?X-Amz-Signature=secret"), tmp_path)
        assert caught.value.exit_code == code
        assert "secret" not in str(caught.value)


def test_slow_loris_is_given_up(tmp_path: Path, server: FailingServer) -> None:
    """Fifty bytes a second keep every read short, but not the whole."""
    start = time.monotonic()
    with pytest.raises(NetworkError, match=r"sends only .* bytes a second"):
        fetch(server.url("slow_loris"), tmp_path)
    assert time.monotonic() - start < 5


def test_patience_bounds_the_whole(tmp_path: Path, server: FailingServer) -> None:
    start = time.monotonic()
    with pytest.raises(NetworkError, match="gave up"):
        fetch(server.url("503"), tmp_path, replace(FAST, tries=10**6, patience=1.0))
    assert 0.5 < time.monotonic() - start < 2
    assert server.asked["503"] > 5


def test_retry_after_is_honoured(tmp_path: Path, server: FailingServer) -> None:
    start = time.monotonic()
    fetch(server.url("429_then_ok"), tmp_path, replace(FAST, longest_wait=60))
    assert 1 <= time.monotonic() - start < 3
    # Asked to wait for two hours, it says so at once.
    (tmp_path / "x.bw").unlink()
    with pytest.raises(NetworkError, match="answers 429"):
        fetch(server.url("429_for_hours"), tmp_path, replace(FAST, longest_wait=60))


def test_resumes_where_it_stopped(tmp_path: Path, server: FailingServer) -> None:
    fetch(server.url("drop_mid_transfer"), tmp_path)
    assert server.ranges == ["bytes=100000-", "bytes=200000-"]


def test_resumes_in_a_later_run(tmp_path: Path, server: FailingServer) -> None:
    with pytest.raises(NetworkError, match="run the command again later; it goes on where it stop"):
        fetch(server.url("drop_once"), tmp_path, replace(FAST, tries=1))
    assert len(visible(tmp_path)) == 2  # The part, and which version it is of.
    seen: list[int] = []
    download(
        [server.url("drop_once")],
        tmp_path / "x.bw",
        size=len(CONTENT),
        sha256=SHA256,
        policy=FAST,
        progress=seen.append,
    )
    assert server.ranges == ["bytes=100000-"]
    assert sum(seen) == len(CONTENT)
    assert visible(tmp_path) == ["x.bw"]
    # Another pin under the same name starts anew.
    assert (tmp_path / "x.bw").read_bytes() == CONTENT


def test_changed_version_in_a_later_run(tmp_path: Path, server: FailingServer) -> None:
    with pytest.raises(NetworkError):
        fetch(server.url("drop_once"), tmp_path, replace(FAST, tries=1))
    server.etag = '"v2"'
    fetch(server.url("drop_once"), tmp_path)
    assert (tmp_path / "x.bw").read_bytes() == CONTENT
    assert server.asked["drop_once"] == 2  # If-Range had the whole file sent at once.


def test_damaged_part_is_fetched_anew(tmp_path: Path, server: FailingServer) -> None:
    with pytest.raises(NetworkError):
        fetch(server.url("drop_once"), tmp_path, replace(FAST, tries=1))
    part = next(path for path in tmp_path.iterdir() if path.name.endswith(".part"))
    for damaged in (bytes(100_000), bytes(len(CONTENT)), bytes(len(CONTENT) + 1)):
        part.write_bytes(damaged)
        fetch(server.url("normal"), tmp_path)
        assert (tmp_path / "x.bw").read_bytes() == CONTENT
        (tmp_path / "x.bw").unlink()


def test_a_portal_does_not_cost_what_is_here(tmp_path: Path, server: FailingServer) -> None:
    with pytest.raises(NetworkError):
        fetch(server.url("drop_once"), tmp_path, replace(FAST, tries=1))
    with pytest.raises(IntegrityError, match="web page"):
        fetch(server.url("captive_portal"), tmp_path)
    fetch(server.url("normal"), tmp_path)
    assert server.ranges[-1] == "bytes=100000-"


def test_mirrors(tmp_path: Path, server: FailingServer) -> None:
    bad = [server.url(mode) for mode in ("404", "wrong_bytes", "redirect_other_host", "503")]
    assert fetch([*bad, server.url()], tmp_path).read_bytes() == CONTENT
    (tmp_path / "x.bw").unlink()
    with pytest.raises(IntegrityError, match="differs from the pinned bytes"):
        fetch([server.url("404"), server.url("wrong_bytes"), server.url("503")], tmp_path)


def test_present_file(tmp_path: Path, server: FailingServer) -> None:
    fetch(server.url(), tmp_path)
    fetch(server.url("404"), tmp_path)
    assert server.asked["404"] == 0
    # A damaged one is replaced, not believed.
    (tmp_path / "x.bw").write_bytes(CONTENT[:-1] + b"?")
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT
    # Kept while nothing better came.
    (tmp_path / "x.bw").write_bytes(b"old")
    with pytest.raises(NetworkError):
        fetch(server.url("404"), tmp_path)
    assert (tmp_path / "x.bw").read_bytes() == b"old"


def test_md5_alone(tmp_path: Path, server: FailingServer) -> None:
    md5 = hashlib.md5(CONTENT).hexdigest()
    download([server.url()], tmp_path / "x", size=len(CONTENT), md5=md5, policy=FAST)
    with pytest.raises(IntegrityError, match="md5"):
        download([server.url()], tmp_path / "y", size=len(CONTENT), md5="0" * 32, policy=FAST)
    with pytest.raises(ValueError, match="digest"):
        download([server.url()], tmp_path / "z", size=len(CONTENT), policy=FAST)


@pytest.mark.parametrize(
    "url",
    [
        "http://zenodo.org/x.bw",
        "https://example.org/x.bw",
        "https://zenodo.org.evil.example/x.bw",
        "https://user:pw@zenodo.org/x.bw",
        "https://127.0.0.1/x.bw",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost:1/x.bw",
        "ftp://zenodo.org/x.bw",
        "file:///etc/passwd",
        "data:text/plain,abc",
        "/etc/passwd",
    ],
)
def test_addresses_that_are_never_asked(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*args: object, **kwargs: object) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "getaddrinfo", connect)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(UnsafeError) as caught:
        fetch(url, tmp_path, Policy())
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "ZOOCTL_OFFLINE"])
def test_offline(
    tmp_path: Path, server: FailingServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(NetworkError, match="switched off"):
        fetch(server.url(), tmp_path)
    assert server.asked == {}
    (tmp_path / "x.bw").write_bytes(CONTENT)
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT


def test_unreachable(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(NetworkError, match="refused"):
        fetch(f"http://127.0.0.1:{port}/x.bw", tmp_path)
    with pytest.raises(NetworkError, match="no address"):
        fetch([], tmp_path)


def test_no_room(tmp_path: Path, server: FailingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no space left"):
        download([server.url()], tmp_path / "x", size=10**18, sha256=SHA256, policy=FAST)
    assert server.asked == {}

    def full(self: partial.PartialFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(partial.PartialFile, "write", full)
        with pytest.raises(InputError, match=r"no space left.* Hint: free some space, or set ZOO"):
            fetch(server.url(), tmp_path)
    assert visible(tmp_path) == []
    assert fetch(server.url(), tmp_path).read_bytes() == CONTENT


def test_planted_link_is_not_followed(tmp_path: Path, server: FailingServer) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / f".x.bw.{SHA256[:16]}.part").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"symbolic link|Too many levels"):
        fetch(server.url(), tmp_path)
    assert (tmp_path / "victim").read_text() == "mine"


def fetch_slowly(url: str, folder: str) -> bytes:
    return fetch(url, Path(folder), replace(FAST, read=5)).read_bytes()


def test_many_processes_one_download(tmp_path: Path, server: FailingServer) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, mp_context=context) as pool:
        jobs = [pool.submit(fetch_slowly, server.url("slow"), str(tmp_path)) for _ in range(4)]
        assert all(job.result() == CONTENT for job in jobs)
    assert server.asked["slow"] == 1
    assert visible(tmp_path) == ["x.bw"]


KILLED = """
import sys
from zooctl.files.download.download import download
from zooctl.files.download.transfer import Policy, content_length, content_range, is_compressed
download([sys.argv[1]], sys.argv[2], size=300_000, sha256=sys.argv[3],
         policy=Policy(loopback=True), progress=lambda done: print(done, flush=True))
"""


def test_killed_and_resumed(tmp_path: Path, server: FailingServer) -> None:
    script = [sys.executable, "-c", KILLED, server.url("stall"), str(tmp_path / "x.bw"), SHA256]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == 1000
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "x.bw").exists()
    assert fetch(server.url("stall"), tmp_path).read_bytes() == CONTENT


def test_without_locks(
    tmp_path: Path, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems have none: each process then has a part of its own."""
    from zooctl.files.disk import lock

    def acquire(self: object) -> None:
        raise OSError(errno.ENOTSUP, "no locks")

    monkeypatch.setattr(lock.FileLock, "acquire", acquire)
    assert fetch(server.url("drop_mid_transfer"), tmp_path).read_bytes() == CONTENT
    with contextlib.suppress(FileNotFoundError):
        (tmp_path / ".x.bw.lock").unlink()
    assert visible(tmp_path) == ["x.bw"]


@pytest.mark.parametrize("number", ["\u00b2", "\u0663", "1e3", "1_0", "-1", "9" * 5_000, ""])
def test_numbers_of_a_server_that_are_none(number: str) -> None:
    """An answer's headers are text like any other; what is no number states nothing."""

    def answer(**headers: str) -> httpx2.Response:
        request = httpx2.Request("GET", "https://a.org/x.bw")
        named = {name.replace("_", "-"): text.encode() for name, text in headers.items()}
        return httpx2.Response(206, headers=named, request=request)

    assert content_range(answer(content_range="bytes 5-9/10")) == (5, 10)
    assert content_range(answer(content_range=f"bytes {number}-9/10")) is None
    assert content_range(answer(content_range=f"bytes 5-9/{number}")) is None
    assert content_length(answer(content_length=number)) is None
    assert is_compressed(answer(content_length=number, content_encoding="gzip"), 10)
