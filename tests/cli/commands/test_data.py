"""`zooctl data` as typed."""

from __future__ import annotations

import json
import re
import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from http_server import failing_server

from zooctl.catalog.origin import encode_portal as encode
from zooctl.cli.main import run
from zooctl.files.disk.pinned import file_digest
from zooctl.files.download import transfer

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR", raising=False)


def test_table(repo: Path, capsys: Captured) -> None:
    assert run(["data", "fetch", str(repo / "recipes/ctcf_gm12878.yaml")]) == 0
    folder = repo / "recipes/data/ctcf_gm12878_hg19"
    assert capsys.readouterr().out == (
        "source  origin    size    path\n"
        f"signal  embedded  2.2 MB  {folder}/GM12878_CTCF_5M.hg19.chr20_21.bw\n"
        f"input   embedded  2.0 MB  {folder}/GM12878_Input_5M.hg19.chr20_21.bw\n"
    )


def test_every_problem_at_once(
    toy_zoo: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    assert run(["data", "fetch", "toy"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("network is switched off") == 2
    assert "plus.bw" in err
    assert "minus.bw" in err


def test_what_is_found_is_shown_beside_the_problem(
    toy_zoo: Path, repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    signal = repo / "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"
    embedded = toy_zoo / "recipes/data/toy"
    embedded.mkdir(parents=True)
    (embedded / "plus.bw").symlink_to(signal)
    (embedded / "minus.bw").symlink_to(signal)
    assert run(["data", "fetch", "toy"]) == 5
    out, err = capsys.readouterr()
    assert out.endswith(f"plus    embedded  2.2 MB  {embedded}/plus.bw\n")
    assert "source minus differs from the pinned bytes" in err


def test_a_wrong_name(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["data", "fetch", "tyo"]) == 2
    assert "did you mean 'toy'?" in capsys.readouterr().err
    assert run(["data", "fetch", "none.yaml"]) == 2


def test_hosts_are_allowed_by_flag_alone(toy_zoo: Path, capsys: Captured) -> None:
    recipe = toy_zoo / "recipes/toy.yaml"
    text = recipe.read_text().replace("www.encodeproject.org", "zooctl-test.invalid")
    recipe.write_text(text)
    assert run(["data", "fetch", "toy"]) == 6
    assert "Hint: --allow-host zooctl-test.invalid if you trust it" in capsys.readouterr().err


def test_an_allowed_host_is_asked(toy_zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = toy_zoo / "recipes/toy.yaml"
    text = recipe.read_text().replace("www.encodeproject.org", "zooctl-test.invalid")
    recipe.write_text(text)
    asked = []

    def resolve(host: str, *rest: object, **more: object) -> None:
        asked.append(host)
        raise KeyboardInterrupt  # Enough is known.

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert run(["data", "fetch", "toy", "--allow-host", "zooctl-test.invalid"]) == 130
    assert asked in (["zooctl-test.invalid"], [b"zooctl-test.invalid"])


@pytest.fixture
def from_encode(toy_zoo: Path) -> Path:
    """The toy, whose first source is said to be a file of ENCODE, with its files at hand."""
    recipe = toy_zoo / "recipes/toy.yaml"
    text = recipe.read_text().replace("accession: null", "accession: ENCFF000AAA", 1)
    folder = toy_zoo / "recipes/data/toy"
    folder.mkdir(parents=True)
    for name, byte in (("plus.bw", b"+"), ("minus.bw", b"-")):
        (folder / name).write_bytes(byte)
    recipe.write_text(_pinned(text, folder))
    return toy_zoo


def _pinned(text: str, folder: Path) -> str:
    """Pin the files as they are."""
    digests = iter([file_digest(folder / "plus.bw"), file_digest(folder / "minus.bw")])
    text = re.sub(r"sha256: [0-9a-f]{64}", lambda _: f"sha256: {next(digests)}", text, count=2)
    return re.sub(r"size: [0-9]+", "size: 1", text)


def fetch_with_portal(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> int:
    with failing_server(json.dumps(document).encode()) as server:
        monkeypatch.setattr(encode, "PORTAL", server.url(name="").rstrip("/"))
        monkeypatch.setattr(transfer, "Policy", partial(transfer.Policy, loopback=True))
        return run(["data", "fetch", "toy"])


ENCODE = {"accession": "ENCFF000AAA", "status": "archived", "assembly": "hg19", "file_size": 1}


def test_what_encode_says_of_its_file(
    from_encode: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert fetch_with_portal(ENCODE, monkeypatch) == 0
    out, err = capsys.readouterr()
    assert "plus" in out
    assert err == "note: ENCFF000AAA is archived: ENCODE keeps it and has newer ones\n"


def test_a_file_that_encode_has_revoked(
    from_encode: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    changed = ENCODE | {"status": "revoked", "file_size": 2}
    assert fetch_with_portal(changed, monkeypatch) == 3
    err = capsys.readouterr().err
    assert "error: plus.status: ENCFF000AAA is not at ENCODE what the recipe says (got rev" in err
    assert "error: plus.size: " in err


def test_encode_is_not_asked_offline(
    from_encode: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    assert run(["data", "fetch", "toy"]) == 0
    err = capsys.readouterr().err
    assert err == "note: status at ENCODE is not checked: the network is switched off\n"


def test_an_encode_that_does_not_answer_stops_nothing(
    from_encode: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(encode, "PORTAL", "http://127.0.0.1:9")
    fast = partial(transfer.Policy, loopback=True, first_wait=0.01)
    monkeypatch.setattr(transfer, "Policy", fast)
    assert run(["data", "fetch", "toy"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("note: status at ENCODE is not checked: the ENCODE portal does not answ")
    assert err.count("\n") == 1
