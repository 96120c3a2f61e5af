"""The reference is made from the program: nothing of it is left out, and pages name what exists."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from test_readme import MADE
from transcripts import REPO

from zooctl import errors
from zooctl.cli.main import COMMANDS, run
from zooctl.sequence.alleles import Status

DOCS = REPO / "docs"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The module that makes the pages; it is no part of a package."""
    spec = importlib.util.spec_from_file_location("reference_pages", DOCS / "reference_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def contents(reference: ModuleType) -> dict[str, str]:
    """The text of each page by its name."""
    return dict(reference.contents())


def test_every_option_of_every_command_is_on_its_page(
    contents: dict[str, str], reference: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` as typed is the oracle."""
    for leaf in reference.leaves():
        assert run([*leaf.split(), "--help"]) == 0
        helped = capsys.readouterr().out
        options = re.findall(r"^  (?:-\w, )?(--[\w-]+)", helped, re.MULTILINE)
        assert "--help" in options
        page = contents[leaf.split()[0]]
        part = page[page.index(f"# zooctl {leaf}\n") :]
        part = part[: part.find("\n## zooctl ", 2)] if "\n## zooctl " in part[2:] else part
        missing = [option for option in options if not re.search(rf"`[^`]*{option}\b", part)]
        assert not missing, f"{leaf}: {missing}"
    assert set(COMMANDS) <= set(contents)


def test_every_command_has_an_example(reference: ModuleType, contents: dict[str, str]) -> None:
    """A transcript that runs as a test, for all but a few; else the one of its help page."""
    for leaf in reference.leaves():
        page = contents[leaf.split()[0]]
        assert re.search(rf"Example[^\n]*:\n\n    \$ .*zooctl {leaf.split()[0]}", page), leaf
    assert len(reference.examples()) > 25


def test_exit_codes(contents: dict[str, str]) -> None:
    codes = {
        int(code) for code in re.findall(r"^\| (\d+) \|", contents["exit-codes"], re.MULTILINE)
    }
    raised = {one.exit_code for one in vars(errors).values() if _is_error(one)}
    assert codes == {0, *raised, 130, 143}


def _is_error(one: Any) -> bool:
    family = isinstance(one, type) and issubclass(one, errors.ZooError)
    return family and one is not errors.ManyErrors


def test_every_status_is_explained(reference: ModuleType) -> None:
    page = (DOCS / "scores.md").read_text()
    for status in Status:
        assert f"| `{status}` | {reference._text(status.text)} |\n" in page


def test_every_field_of_a_document(contents: dict[str, str], reference: ModuleType) -> None:
    """Each property of the schema, and each definition, stands on its page."""
    for name in ("card", "recipe", "manifest", "report"):
        schema = reference._DOCUMENTS[name][2]()
        page = contents[f"schema-{name}"]
        for heading, part in schema.get("$defs", {}).items():
            assert f"\n## {heading}\n" in page
            for field in part.get("properties", {}):
                assert f"`{field}`\n: " in page, f"{heading}.{field}"


def test_environment_variables() -> None:
    """The page names those that the source names, no more and no less."""
    named = set()
    for path in sorted((REPO / "zooctl").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named |= set(re.findall(r"\bZOOCTL_[A-Z_]+\b", node.value))
    page = (DOCS / "environment.md").read_text()
    assert set(re.findall(r"^\| `(ZOOCTL_[A-Z_]+)` \|", page, re.MULTILINE)) == named


def names_of_toctrees(page: Path) -> list[str]:
    """Return the pages that a page's tables of contents list, from the folder of the site."""
    listed = re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(), re.DOTALL)
    lines = [line for block in listed for line in block.split("\n") if line and line[0] != ":"]
    return [
        name.relative_to(DOCS).with_suffix("").as_posix()
        for line in lines
        for name in (sorted(page.parent.glob(f"{line}.md")) or [page.parent / line])
        if name != page
    ]


def test_every_page_is_in_the_index(reference: ModuleType) -> None:
    names = [
        name
        for page in (DOCS / "index.md", *sorted(DOCS.glob("*/index.md")))
        for name in names_of_toctrees(page)
    ]
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in reference.pages()}
    assert {name for name in names if not name.startswith("reference/")} == pages - {"index"}
    made = {name.removeprefix("reference/") for name in names if name.startswith("reference/")}
    assert made == set(reference.contents()) - set(COMMANDS)
    assert set(reference.contents()) == MADE


def test_each_command_has_a_manual_page(reference: ModuleType) -> None:
    names = [page[1] for page in reference.man_pages()]
    assert names == ["zooctl", *(f"zooctl-{name}" for name in COMMANDS)]
    assert all(page[2] for page in reference.man_pages())


@pytest.mark.slow
def test_the_site_and_the_manual_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built without a warning; no page asks another host for anything."""
    import shutil
    import subprocess

    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("docs", "model_cards", "zoo", "recipes", "tests", "zooctl"):
        if name in ("docs", "tests"):
            shutil.copytree(REPO / name, folder / name, ignore=shutil.ignore_patterns("reference"))
        else:
            (folder / name).symlink_to(REPO / name)
    for name in ("SECURITY.md", "CHANGELOG.md"):
        shutil.copy(REPO / name, folder)
    for builder in ("html", "man"):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "sphinx", "-q", "-E", "-W", "--keep-going"),
                *("-d", "read", "-b", builder, "docs", builder),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
    foreign = re.compile(r"<(?:script|img|link|iframe|source)[^>]*(?:src|href)=\"(?:https?:)?//")
    pages = sorted((folder / "html").rglob("*.html"))
    assert len(pages) > len(COMMANDS)
    assert [page.name for page in pages if foreign.search(page.read_text())] == []
    styles = [path.read_text() for path in (folder / "html/_static").rglob("*.css")]
    assert not any(re.search(r"(?:url\(|@import)[\s\"']*(?:https?:)?//", text) for text in styles)
    manual = (folder / "man/zooctl-predict.1").read_text()
    assert "zooctl-predict" in manual
    assert "\\-\\-bed" in manual


def test_the_citation_is_of_this_version() -> None:
    cited = yaml.safe_load((REPO / "CITATION.cff").read_text())
    from zooctl import __version__

    assert (cited["cff-version"], cited["version"], cited["license"]) == (
        "1.2.0",
        __version__,
        "MIT",
    )
    assert {"message", "title", "authors"} <= set(cited)


def test_the_conda_environment_fits_the_project() -> None:
    environment = yaml.safe_load((DOCS / "environment.yml").read_text())
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    asked = [one for one in environment["dependencies"] if isinstance(one, str)]
    assert "python=3.11" in asked
    assert project["requires-python"] == ">=3.11,<3.14"
    files = environment["dependencies"][-1]["pip"]
    for line in files:
        assert (DOCS / line.split()[-1]).exists(), line
