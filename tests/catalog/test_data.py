"""Sources of recipes: the pinned bytes from the nearest place that has them, or an error."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from http_server import FailingServer, failing_server

from zooctl.catalog.data import locate
from zooctl.errors import InputError, IntegrityError, NetworkError, UnsafeError
from zooctl.files.disk.cache import cache_folder
from zooctl.files.download.transfer import Policy
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.schema.recipe.sources import Source

CONTENT = b"chr21\t9411000\t9411500\tpeak\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FAST = Policy(read=0.5, tries=2, first_wait=0.02, longest_wait=0.05, loopback=True)
PINNED = Source(
    id="peaks",
    file="lab/peaks.bed",
    accession=None,
    url=None,
    sha256=SHA256,
    size=len(CONTENT),
    licence="CC0-1.0",
    citation="Nobody 2025",
    assembly="hg19",
)


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo without data; cache and mirror are empty."""
    (tmp_path / "zoo/model_cards").mkdir(parents=True)
    (tmp_path / "mirror").mkdir()
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "zoo"))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: tmp_path / "zoo")
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path / "mirror"))
    return tmp_path


@pytest.fixture
def server() -> Iterator[FailingServer]:
    with failing_server(CONTENT) as running:
        yield running


def at(*urls: str) -> Source:
    """The source with addresses that no recipe may have, on this machine."""
    return PINNED.model_copy(update={"url": urls[0], "mirrors": urls[1:]})


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_nearest_place_wins(zoo: Path, server: FailingServer) -> None:
    source = at(server.url(name="peaks.bed"))
    bars: list[tuple[float | None, str, str]] = []

    @contextmanager
    def bar(total: float | None, unit: str, label: str) -> Iterator[Callable[[int], None]]:
        bars.append((total, unit, label))
        yield lambda done: None

    downloaded = locate(source, policy=FAST, progress=bar)
    assert downloaded.origin == "downloaded"
    assert downloaded.path == cache_folder() / "data" / SHA256 / "peaks.bed"
    assert downloaded.path.read_bytes() == CONTENT
    assert bars == [(len(CONTENT), "B", "downloading peaks.bed")]
    cached = locate(source, policy=FAST)
    assert (cached.path, cached.origin) == (downloaded.path, "cache")

    by_name = put(zoo / "mirror/deep/in/it/peaks.bed")
    assert locate(source).path == by_name
    by_path = put(zoo / "mirror/lab/peaks.bed")
    assert locate(source).path == by_path
    by_digest = put(zoo / "mirror/blobs" / SHA256)
    assert (locate(source).path, locate(source).origin) == (by_digest, "mirror")
    embedded = put(zoo / "zoo/recipes/data/lab/peaks.bed")
    assert (locate(source).path, locate(source).origin) == (embedded, "embedded")
    assert server.asked["normal"] == 1


def test_changed_files_are_passed_over(zoo: Path, server: FailingServer) -> None:
    changed = CONTENT.replace(b"500", b"501", 1)
    put(zoo / "zoo/recipes/data/lab/peaks.bed", changed)
    put(zoo / "mirror/lab/peaks.bed", CONTENT + b"\n")
    put(zoo / "mirror/blobs" / SHA256, changed)
    put(cache_folder() / "data" / SHA256 / "peaks.bed", changed)
    found = locate(at(server.url()), policy=FAST)
    assert found.origin == "downloaded"
    assert found.path.read_bytes() == CONTENT
    right = put(zoo / "mirror/z/peaks.bed")
    assert locate(PINNED).path == right


@pytest.mark.parametrize("place", ["zoo/recipes/data/lab", "mirror/x", f"home/data/{SHA256}"])
def test_only_changed_bytes(zoo: Path, server: FailingServer, place: str) -> None:
    path = put(zoo / place / "peaks.bed", CONTENT.replace(b"500", b"501", 1))
    with pytest.raises(IntegrityError, match=r"source peaks differs .*got sha256") as e:
        locate(PINNED)
    assert e.value.exit_code == 5
    assert e.value.path == str(path)
    # That the network is down does not hide it.
    with pytest.raises(IntegrityError, match="source peaks differs"):
        locate(at(server.url("404")), policy=FAST)
    put(path, CONTENT[:-1])
    with pytest.raises(IntegrityError, match=r"got 26,999 bytes; expected 27,000 bytes"):
        locate(PINNED)


def test_the_publisher_changed_it(zoo: Path, server: FailingServer) -> None:
    with pytest.raises(IntegrityError, match="differs from the pinned bytes"):
        locate(at(server.url("wrong_bytes")), policy=FAST)
    assert locate(at(server.url("wrong_bytes"), server.url()), policy=FAST).origin == "downloaded"


def test_network_failures(
    zoo: Path, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NetworkError, match="gave up"):
        locate(at(server.url("503")), policy=FAST)
    with pytest.raises(UnsafeError, match="not a plain https address"):
        locate(at(server.url()))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    with pytest.raises(NetworkError, match="switched off"):
        locate(at(server.url()), policy=FAST)
    put(zoo / "mirror/peaks.bed")
    assert locate(at(server.url()), policy=FAST).origin == "mirror"


def test_nowhere(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"not here and has no address .*ZOOCTL_DATA_MIRROR"):
        locate(PINNED)
    with pytest.raises(InputError, match=r"is not pinned.*the recipe needs its sha256 and size"):
        locate(PINNED.model_copy(update={"sha256": None}))
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(zoo / "none"))
    with pytest.raises(InputError, match="no such folder"):
        locate(PINNED)
    put(zoo / "none/peaks.bed")
    assert locate(PINNED).origin == "mirror"


def test_a_file_that_changes_while_we_run(zoo: Path) -> None:
    path = put(zoo / "mirror/peaks.bed")
    assert locate(PINNED).path == path
    status = path.stat()
    path.write_bytes(CONTENT.replace(b"500", b"501", 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(IntegrityError):
        locate(PINNED)


def test_links_that_lead_nowhere(zoo: Path) -> None:
    (zoo / "mirror/peaks.bed").symlink_to("none")
    right = put(zoo / "mirror/z/peaks.bed")
    (zoo / "mirror" / SHA256).mkdir()
    assert locate(PINNED).path == right


def test_real_recipe_is_embedded_and_in_the_mirror(
    repo: Path, mirror: Path, zoo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load_recipe(repo / "recipes/ctcf_gm12878.yaml")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    monkeypatch.chdir(zoo)
    assert {locate(source).origin for source in recipe.sources} == {"mirror"}
    monkeypatch.chdir(repo / "docs")  # a folder of the checkout
    assert {locate(source).origin for source in recipe.sources} == {"embedded"}
    monkeypatch.chdir(zoo)
    monkeypatch.setenv("ZOOCTL_ZOO", str(repo))
    assert {locate(source).origin for source in recipe.sources} == {"embedded"}


def test_a_mirror_may_be_an_address(
    zoo: Path, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", server.url(name="").rstrip("/") + "/")
    found = locate(PINNED, policy=FAST)
    assert found.origin == "downloaded"
    assert found.path.read_bytes() == CONTENT
    assert locate(PINNED, policy=FAST).origin == "cache"
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    other = PINNED.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(NetworkError):
        locate(other, policy=FAST)


def test_an_address_with_other_bytes(
    zoo: Path, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", server.url(name="").rstrip("/"))
    with pytest.raises(IntegrityError):
        locate(PINNED.model_copy(update={"sha256": "0" * 64}), policy=FAST)


def test_a_mirror_is_asked_over_https_alone(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", "http://data.example.org")
    with pytest.raises(UnsafeError):
        locate(PINNED)
