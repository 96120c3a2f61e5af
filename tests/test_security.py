"""SECURITY.md names tests that exist; and the rules that no other file tests."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.cli.main import run
from zooctl.files.vcf.annotate import Field, info_key, quote


def test_every_named_test_exists(repo: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (repo / "SECURITY.md").read_text())
    rows = (repo / "SECURITY.md").read_text().count("\n| ") - 1
    assert len(named) >= rows > 10
    for file, test in named:
        tree = ast.parse((repo / file).read_text())
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert test in functions, f"{file}::{test}"


def test_no_library_of_operators_is_loaded(repo: Path) -> None:
    loaders = ("register_custom_ops", "register_execution_provider_library", "load_library")
    texts = {path: path.read_text() for path in (repo / "zooctl").rglob("*.py")}
    assert len(texts) > 100
    assert [path for path, text in texts.items() if any(name in text for name in loaders)] == []


@pytest.mark.parametrize("command", [["info", "toy"], ["list"]])
def test_text_of_a_card_cannot_steer_a_terminal(
    repo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    shutil.copytree(repo / "tests/data/toy_zoo", tmp_path / "zoo")
    card = tmp_path / "zoo/model_cards/toy.yaml"
    text = card.read_text()
    for field in ("title: ", "notice: ", "intended_use: ", "limits: ["):
        text = re.sub(
            rf"^({re.escape(field)})([^\]\n]*)",
            r'\1"\\e]0;owned\\a\\e[2J\\u202E\\u200B\\x9b31m safe"',
            text,
            flags=re.MULTILINE,
        )
    card.write_text(text)
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "zoo"))
    assert run(command) == 0
    said = "".join(capsys.readouterr())
    assert "\\x1b]0;owned\\x07" in said
    assert not set(said) & set("\x1b\x07\u202e\u200b\x9b")


@given(st.text())
def test_text_stays_inside_its_header_line(text: str) -> None:
    for part in (text, f'{text}">\n##INFO=<ID=x'):
        line = Field(info_key(part), "Float", part, part, "1").line().decode("utf-8", "replace")
        assert len(line.splitlines()) == 1
        quoted = quote(part)
        # A quote or backslash of the text has a backslash before it.
        assert re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', quoted)
        assert re.fullmatch(r"ZOO_[0-9A-Za-z_.]*", info_key(part))
        assert line.endswith('Version="1">')
