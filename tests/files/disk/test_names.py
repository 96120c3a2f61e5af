"""Names of outputs: every ending tells the truth, and folders are told from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.disk.names import check_folder_name, file_named, folder_named

BIGWIG = (".bw", ".bigwig")


@pytest.mark.parametrize("name", ["a.bw", "a.BW", "a.bigWig", "x/a.b.bw", "a.tsv.bw", "Å b.bw"])
def test_a_known_ending(name: str) -> None:
    assert file_named(name, BIGWIG, default="d.bw") == Path(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("x.tsv", "-o x.bw"),
        ("out/x.vcf.gz", "-o out/x.bw"),
        ("x", "-o x.bw"),
        ("x.", "-o x.bw"),
        (".bw", "-o .bw.bw"),
        ("x.bw.gz", "-o x.bw"),
        ("x.bedgraph", "-o x.bedgraph.bw"),
        ("a" * 300, None),
    ],
)
def test_an_unknown_ending_has_a_hint_that_works(name: str, hint: str | None) -> None:
    with pytest.raises(InputError, match="output is of no known kind") as caught:
        file_named(name, BIGWIG, default="d.bw")
    assert caught.value.expected == ".bw or .bigwig"
    found = str(caught.value.hint)
    assert hint is None or found.startswith(f"{hint},")
    assert file_named(found.removeprefix("-o ").partition(",")[0], BIGWIG).suffix == ".bw"
    assert file_named("folder/", BIGWIG, default="d.bw") == Path("folder/d.bw")


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.d").mkdir()
    Path("tracks.bw").mkdir()
    assert folder_named("there.d") == Path("there.d")
    assert file_named("tracks.bw", BIGWIG, default="d.bw") == Path("tracks.bw/d.bw")
    assert folder_named("new/") == Path("new")
    assert folder_named("new") is None
    assert folder_named(Path("new")) is None
    assert folder_named("a" * 5000) is None
    assert file_named(".", BIGWIG, default="d.bw") == Path("d.bw")
    with pytest.raises(InputError, match="no known kind"):
        file_named("there.d", BIGWIG)
    with pytest.raises(InputError, match="whole or absent"):
        file_named("-", BIGWIG)


def test_a_folder_is_not_named_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("report", "runs/v1.2", "x.d", "old.json/", None):
        check_folder_name(name)
    for name in ("report.json", "report.tar.gz", "runs/a.bw"):
        with pytest.raises(InputError, match="the output is a folder") as caught:
            check_folder_name(name)
        hint = str(caught.value.hint).removeprefix("-o ")
        if name != "report.tar.gz":
            check_folder_name(hint)
    Path("there.json").mkdir()
    check_folder_name("there.json")
