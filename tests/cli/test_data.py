"""`zooctl data` as typed."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from zooctl.cli.main import run

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
    assert "source minus differs from what the recipe pins" in err


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
