"""A login goes to the hub, to this machine, and to hosts that the user allows; and nowhere else."""

from __future__ import annotations

import pytest
from hub_server import TOKEN, Repo
from hub_server import Hub as Server

from zooctl.catalog.hub import cache, endpoint
from zooctl.catalog.hub.download import publish
from zooctl.catalog.hub.endpoint import may_log_in, why_withheld
from zooctl.errors import NetworkError, UnsafeError
from zooctl.files.disk.pinned import digest_of
from zooctl.schema.card_weights import Hub
from zooctl.schema.manifest import FileDigest

DATA = b"weights"
PIN = FileDigest(sha256=digest_of(DATA), size=len(DATA))


@pytest.fixture
def foreign(hub: Server, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A file on a server that counts as another machine, without encryption, and a login."""
    monkeypatch.setattr(endpoint, "_LOOPBACK", frozenset())
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.repos["org/toy"] = Repo()
    return Hub(repo="org/toy", revision=hub.repos["org/toy"].commit({"a.bin": DATA}))


@pytest.mark.parametrize(
    ("address", "allowed", "sent"),
    [
        ("https://huggingface.co", "", True),
        ("https://hub-ci.huggingface.co/api", "", True),
        ("https://HuggingFace.co./api", "", True),
        ("http://huggingface.co", "", False),
        ("http://huggingface.co", "huggingface.co", False),
        ("https://nothuggingface.co", "", False),
        ("https://huggingface.co.example.org", "", False),
        ("https://huggingface.co@example.org", "", False),
        ("https://hub.example.org", "", False),
        ("https://hub.example.org", "a.org, Hub.example.org", True),
        ("https://x.hub.example.org", "hub.example.org", False),
        ("http://hub.example.org", "hub.example.org", False),
        ("http://127.0.0.1:8000", "", True),
        ("http://localhost", "", True),
        ("http://[::1]:80", "", True),
        ("http://127.0.0.1.example.org", "", False),
        ("https://[::1", "", False),
        ("huggingface.co", "", False),
        ("", ",", False),
    ],
)
def test_where_a_login_goes(
    address: str, allowed: str, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_HUB_HOSTS", allowed)
    assert may_log_in(address) is sent


def test_the_cure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org/")
    why = why_withheld()
    expected = "no login is sent to hub.example.org: ZOOCTL_HUB_HOSTS=hub.example.org allows it"
    assert why == expected
    monkeypatch.setenv("ZOOCTL_HUB_HOSTS", "hub.example.org")
    assert why_withheld() is None
    monkeypatch.setenv("HF_ENDPOINT", "http://me:secret@hub.example.org")
    why = why_withheld()
    assert why == "no login is sent to hub.example.org: HF_ENDPOINT is no https address"


def test_open_files_come_without_a_login(foreign: Hub, hub: Server) -> None:
    assert cache.read_file([foreign], "a.bin", PIN) == DATA
    assert hub.tokens == {}


def test_closed_files_do_not_come(foreign: Hub, hub: Server) -> None:
    hub.repos["org/toy"].access = "private"
    with pytest.raises(NetworkError, match="HF_ENDPOINT is no https address"):
        cache.read_file([foreign], "a.bin", PIN)
    assert hub.tokens == {}


@pytest.mark.usefixtures("foreign")
def test_nothing_is_pushed(hub: Server) -> None:
    hub.asked.clear()
    with pytest.raises(UnsafeError, match="stays here"):
        publish("org/toy", {"a": b"b"}, "message")
    assert (hub.asked, hub.tokens) == ([], {})
