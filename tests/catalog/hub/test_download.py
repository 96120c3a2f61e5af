"""The hub's own client against a hub on this machine: pinned bytes, or an error of its own."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hub_server import Hub as Server
from hub_server import Repo
from huggingface_hub import constants, scan_cache_dir

from zooctl.catalog.hub import cache as hub_cache
from zooctl.errors import IntegrityError, NetworkError, UnsafeError, ZooError
from zooctl.schema.card_weights import Hub
from zooctl.schema.manifest import FileDigest

MODEL = bytes(range(256)) * 40
NAME = "org/toy"


def pin_of(data: bytes) -> FileDigest:
    return FileDigest(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


@pytest.fixture
def server(hub: Server) -> Server:
    """A hub with one empty repository."""
    hub.repos[NAME] = Repo()
    return hub


@pytest.fixture
def place(server: Server) -> Hub:
    """The first commit of the repository."""
    files = {"model.onnx": MODEL, "config.json": b"{}"}
    return Hub(repo=NAME, revision=server.repos[NAME].commit(files))


def get(*places: Hub, file: str = "model.onnx", data: bytes = MODEL) -> bytes:
    return hub_cache.read_file(places, file, pin_of(data))


def cached_files() -> list[str]:
    """What the standard tool sees in the cache."""
    folder = Path(constants.HF_HUB_CACHE)
    if not folder.is_dir():
        return []
    info = scan_cache_dir(folder)
    assert not info.warnings
    return [one.file_name for repo in info.repos for rev in repo.revisions for one in rev.files]


def test_files_come_and_are_seen_by_the_standard_tools(server: Server, place: Hub) -> None:
    assert get(place) == MODEL
    assert get(place, file="config.json", data=b"{}") == b"{}"
    assert sorted(cached_files()) == ["config.json", "model.onnx"]


@pytest.mark.usefixtures("server")
def test_cached_and_pinned_needs_no_request(place: Hub, request: pytest.FixtureRequest) -> None:
    get(place)
    request.getfixturevalue("no_sockets")
    assert get(place) == MODEL


def test_a_moved_branch_changes_nothing(server: Server, place: Hub) -> None:
    server.repos[NAME].commit({"model.onnx": b"newer"})
    assert get(place) == MODEL


FAILURES = [
    ("503", NetworkError, "is not available .*HTTP 503"),
    ("503_files", NetworkError, "HTTP 503"),
    ("429_for_hours", NetworkError, "no request for 7,200 s"),
    ("stall", NetworkError, "cannot be reached .*read timeout"),
    ("stall_in_file", NetworkError, "no whole answer|cannot be reached"),
    ("drop", NetworkError, "gave up on|cannot be reached"),
    ("wrong_bytes", IntegrityError, "differs from the pinned bytes"),
    ("wrong_length", IntegrityError, "another length"),
    ("portal", NetworkError, "something else than the hub answers"),
    ("portal_at_files", NetworkError, "something else than the hub answers"),
    ("other_commit", UnsafeError, "another commit"),
    ("other_etag", UnsafeError, "names a file in a way"),
]


UNREACHED = "is this machine online? HF_ENDPOINT names the hub that is asked"
LATER = "run the command again later"
ON_THE_WAY = "something between changes files on the way, or the repository is not what it was"
PORTAL = "log in to the network you are on; or a proxy stands between"
HINTS = {
    "503": {"try again later"},
    "503_files": {"try again later", LATER},
    "429_for_hours": {"run the command again then; a login (HF_TOKEN) has higher limits"},
    "stall": {UNREACHED, LATER},
    "drop": {UNREACHED, LATER},
    "wrong_bytes": {ON_THE_WAY},
    "portal": {PORTAL},
    "portal_at_files": {PORTAL},
}


@pytest.mark.parametrize(("mode", "kind", "message"), FAILURES, ids=[one[0] for one in FAILURES])
def test_failures_end_with_their_own_message(
    server: Server, place: Hub, mode: str, kind: type[ZooError], message: str
) -> None:
    """As the hints say, the same command works when the hub and the network are sound again."""
    server.mode = mode
    start = time.monotonic()
    with pytest.raises(kind, match=message) as caught:
        get(place)
    assert mode not in HINTS or caught.value.hint in HINTS[mode]
    assert time.monotonic() - start < 10
    assert "model.onnx" not in cached_files()
    assert not list(Path(constants.HF_HUB_CACHE).parent.rglob("evil"))
    server.mode = "sound"
    assert get(place) == MODEL


@pytest.mark.parametrize("mode", ["503_twice", "429_then_sound", "drop_once"])
def test_failures_that_pass(server: Server, place: Hub, mode: str) -> None:
    server.mode = mode
    assert get(place) == MODEL


def test_who_may_not_read(server: Server, place: Hub) -> None:
    for access, message in (
        ("gated", "is gated"),
        ("private", "is private, or does not exist"),
        ("disabled", "was disabled"),
    ):
        server.repos[NAME].access = access
        with pytest.raises(NetworkError, match=message):
            get(place)


def test_access_is_asked_for_and_then_a_login(
    server: Server, place: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.repos[NAME].access = "gated"
    with pytest.raises(NetworkError, match="is gated") as caught:
        get(place)
    assert caught.value.hint == (
        f"ask for access at 127.0.0.1:{server.server_port}/{NAME}, then log in (hf auth login)"
    )
    server.repos[NAME].access = "granted"
    with pytest.raises(NetworkError, match="is gated"):
        get(place)
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    assert get(place) == MODEL


def test_deleted(server: Server, place: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    del server.repos[NAME]
    with pytest.raises(NetworkError, match="is private, or does not exist"):
        get(place)
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    with pytest.raises(NetworkError, match="was deleted, or its name is wrong"):
        get(place)


def test_renamed(server: Server, place: Hub) -> None:
    server.repos["other/toy"] = server.repos.pop(NAME)
    server.renamed[NAME] = "other/toy"
    with pytest.raises(UnsafeError, match="leads to another repository") as caught:
        get(place)
    assert str(caught.value.hint).endswith("ask for one that is pinned by it")
    assert get(Hub(repo="other/toy", revision=place.revision)) == MODEL


def test_nobody_answers(server: Server, place: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ("http://127.0.0.1:1", "http://no.such.host.invalid"):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(NetworkError, match="cannot be reached") as caught:
            get(place)
        assert caught.value.hint == UNREACHED
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    assert get(place) == MODEL


def test_no_such_commit_and_no_such_file(server: Server, place: Hub) -> None:
    with pytest.raises(NetworkError, match=f"has no commit {'0' * 40}"):
        get(Hub(repo=NAME, revision="0" * 40))
    with pytest.raises(NetworkError, match=r"has no model\.safetensors"):
        get(place, file="model.safetensors")


@pytest.mark.usefixtures("server")
def test_another_size_is_not_even_downloaded(server: Server, place: Hub) -> None:
    with pytest.raises(IntegrityError, match="differs from the pinned bytes"):
        get(place, data=MODEL + b"!")
    assert not [one for one in server.asked if "/resolve/" in one]


def test_mirrors_are_tried_in_order(server: Server, place: Hub) -> None:
    gone = Hub(repo="org/gone", revision="1" * 40)
    assert get(gone, place) == MODEL
    with pytest.raises(NetworkError, match=r"org/gone .*; .*org/lost"):
        get(gone, Hub(repo="org/lost", revision="2" * 40))


@pytest.mark.parametrize("change", ["flip", "truncate", "empty"])
def test_damage_in_the_cache_is_quarantined_and_fetched_again(
    server: Server, place: Hub, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(place)
    blob = (hub_cache.snapshot(place) / "model.onnx").resolve()
    changed = {"flip": b"\xff" + MODEL[1:], "truncate": MODEL[:-1], "empty": b""}[change]
    blob.write_bytes(changed)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(IntegrityError, match="in the cache differs"):
        get(place)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert get(place) == MODEL
    kept = list((tmp_path / "home/quarantine").iterdir())
    assert [path.read_bytes() for path in kept] == [changed]
    assert cached_files() == ["model.onnx"]


@pytest.mark.usefixtures("no_sockets")
def test_offline_and_cold(place: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NetworkError, match="not in the cache, and the network is switched off"):
        get(place)


@pytest.mark.parametrize(("said", "on"), [(None, False), ("0", True), ("1", False)])
def test_unwatched_transfers_only_where_asked_for(said: str | None, on: bool) -> None:
    code = (
        "from zooctl.catalog.hub import client_limits; client_limits.install(); "
        "from huggingface_hub.utils._runtime import is_xet_available; print(is_xet_available())"
    )
    known = {name: text for name, text in os.environ.items() if name != "HF_HUB_DISABLE_XET"}
    variables = known if said is None else {**known, "HF_HUB_DISABLE_XET": said}
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(on)


def test_a_link_out_of_the_cache(server: Server, place: Hub, tmp_path: Path) -> None:
    get(place)
    (tmp_path / "elsewhere").write_bytes(MODEL)
    link = hub_cache.snapshot(place) / "model.onnx"
    link.unlink()
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeError, match=r"leads out.*Hint: remove it"):
        get(place)
    link.unlink()
    assert get(place) == MODEL


def test_a_token_stays_with_the_hub(
    server: Server, place: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    get(place)
    assert server.tokens == {"127.0.0.1": {"Bearer hf_canary"}}


def test_unpinned_files_have_a_limit(server: Server, place: Hub) -> None:
    assert hub_cache.read_unpinned(place, "config.json", 10) == b"{}"
    with pytest.raises(UnsafeError, match="too large"):
        hub_cache.read_unpinned(place, "model.onnx", 10)


def _pull(place: Hub, cache: str, endpoint: str, home: str) -> None:
    constants.HF_HUB_CACHE = cache  # type: ignore[misc]
    os.environ.update(HF_ENDPOINT=endpoint, ZOOCTL_HOME=home)
    assert get(place) == MODEL


def _pull_together(server: Server, place: Hub, tmp_path: Path, processes: int) -> None:
    # spawn: each process has a client of its own, as separate commands do.
    spawn = multiprocessing.get_context("spawn")
    arguments = (place, constants.HF_HUB_CACHE, server.url, str(tmp_path / "home"))
    workers = [spawn.Process(target=_pull, args=arguments) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * processes
    assert cached_files() == ["model.onnx"]
    assert server.asked.count(f"GET /{NAME}/resolve/{place.revision}/model.onnx") <= 1


def test_processes_share_one_download(server: Server, place: Hub, tmp_path: Path) -> None:
    _pull_together(server, place, tmp_path, 3)


@pytest.mark.slow
def test_sixteen_processes_twenty_times(server: Server, tmp_path: Path) -> None:
    for number in range(20):
        files = {"model.onnx": MODEL, "number": str(number).encode()}
        place = Hub(repo=NAME, revision=server.repos[NAME].commit(files))
        server.asked.clear()
        shutil.rmtree(constants.HF_HUB_CACHE, ignore_errors=True)
        _pull_together(server, place, tmp_path, 16)
