"""Tables and texts for people."""

from __future__ import annotations

import ast
import io
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.cli.ui.tables import echo, plain, print_cut, print_fields, print_table


@given(st.text())
def test_plain_text_holds_nothing_that_steers(text: str) -> None:
    controls = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0))} - {"\n"}
    bidirectional = {*"\u061c\u200e\u200f", *map(chr, range(0x202A, 0x202F))}
    bidirectional |= {*map(chr, range(0x2066, 0x206A))}
    assert not set(plain(text)) & (controls | bidirectional | {*"\u2028\u2029\u200b\ufeff"})
    plain(text).encode()  # no lone surrogate is left


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "M"])))
def test_plain_leaves_letters_of_any_script(text: str) -> None:
    assert plain(text) == text


def test_columns_line_up_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "n"], [["心筋", "1"], ["a\nb", "22"]])
    assert capsys.readouterr().out == "name  n\n心筋  1\na b   22\n"


def test_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "n"], [])
    assert capsys.readouterr().out == "name  n\n"


def test_on_a_terminal_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")
    print_table(["name", "limits"], [["toy", "[red] " * 20]])
    shown = terminal.getvalue()
    assert re.sub(r"\x1b\[[0-9]*m", "", shown).count("[red]") == 20
    assert len(shown.splitlines()) > 5


def test_the_widest_column_that_may_be_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["toy", "a" * 12, "b" * 20], ["other", "c", "心" * 10]]
    print_cut(("name", "one", "two"), rows, ("one", "two"), room=35)
    assert capsys.readouterr().out.splitlines() == [
        "name   one           two",
        f"toy    {'a' * 12}  {'b' * 13}…",
        f"other  c             {'心' * 6}… ".rstrip(),
    ]
    print_cut(("name", "one", "two"), rows, ("one",), room=5)
    assert capsys.readouterr().out.splitlines()[1] == f"toy    {'a' * 9}…  {'b' * 20}"


def test_fields_of_many_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields([("use", "one\ntwo\n"), ("seed", "1")])
    assert capsys.readouterr().out == "use   one\n      two\nseed  1\n"


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal, or a pipe."""

    def __init__(self, terminal: bool) -> None:
        super().__init__(io.BytesIO(), "utf-8", "backslashreplace")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def written(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\x1b]0;owned\x07.bw", b"a\\x1b]0;owned\\x07.bw"),
        (b"b\xff\xfe.bw", b"b\\udcff\\udcfe.bw"),
        ("chr21_\u5fc3.bw".encode(), "chr21_\u5fc3.bw".encode()),
    ],
)
def test_names_are_escaped_on_a_terminal_and_whole_in_a_pipe(
    name: bytes, shown: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(os.fsdecode(name))
    for terminal, expected in ((True, shown), (False, name)):
        stream = Terminal(terminal)
        monkeypatch.setattr(sys, "stdout", stream)
        echo(path)
        assert stream.written() == expected + b"\n"


def test_commands_print_only_text_that_is_escaped(repo: Path) -> None:
    """``typer.echo`` gets nothing in ``cli/commands`` but what cannot steer a terminal."""
    safe = {"plain", "_filled", "dumps"}
    for file in sorted((repo / "zooctl/cli/commands").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.echo"):
                continue
            for argument in node.args:
                called = argument.func if isinstance(argument, ast.Call) else None
                name = ast.unparse(called).rpartition(".")[2] if called else ""
                assert isinstance(argument, ast.Constant) or name in safe, (
                    f"{file.name}:{node.lineno}: use echo or say of cli/ui/tables.py"
                )
