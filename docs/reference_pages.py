"""Make the reference out of the program: commands, documents, exit codes, statuses.

The pages are written when the site is built, into a folder that is not kept, so that none of them
can be older than the program. `tests/test_reference.py` checks that nothing is left out.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import transcripts
import typer

from zooctl import errors
from zooctl.cli.main import COMMANDS, build_app
from zooctl.cli.ui.help_pages import EXAMPLES
from zooctl.cli.ui.messages import OPTIONS
from zooctl.reproduction.report import report
from zooctl.schema.card import Card
from zooctl.schema.manifest import Manifest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.alleles import Status

DOCS = Path(__file__).resolve().parent
FOLDER = "reference"
"""Folder of the pages below docs/."""

# Lines of an example that are shown.
_LONGEST = 12

_DOCUMENTS = {
    "card": ("Model cards", "model_cards/<name>.yaml", Card.model_json_schema),
    "recipe": ("Recipes", "recipes/<name>.yaml", Recipe.model_json_schema),
    "manifest": ("Manifests", "zoo/<name>/manifest.json", Manifest.model_json_schema),
    "report": ("Reports of reproduce", "zooctl reproduce --report", report.schema),
}


@functools.cache
def leaves() -> dict[str, Any]:
    """Return the commands that do something, by their full names: ``bundle export``."""
    found = {}
    for name, command in build_app().commands.items():
        inner = getattr(command, "commands", None)
        if inner is None or getattr(command, "invoke_without_command", False):
            found[name] = command
        for word, one in (inner or {}).items():
            found[f"{name} {word}"] = one
    return found


def examples() -> dict[str, tuple[Path, transcripts.Section, transcripts.Command]]:
    """Return the first transcript without an error of each command; transcripts run as tests."""
    found = {}
    for page in pages():
        for section in transcripts.read_page(page):
            for command in section.commands:
                if any(line.startswith("error: ") for line in command.printed):
                    continue
                for name in leaves():
                    if re.search(rf"(?:^|[ /])zooctl {name}(?= |$)", command.text, re.MULTILINE):
                        found.setdefault(name, (page, section, command))
    return found


def typed_example(leaf: str) -> str:
    """Return the example that the help page of a command shows.

    >>> typed_example("bundle import")
    'zooctl bundle import models.tar'
    """
    return EXAMPLES.get(leaf) or EXAMPLES[leaf.rpartition(" ")[0]]


def pages() -> list[Path]:
    """Return the pages written by people, sorted."""
    return [page for page in sorted(DOCS.rglob("*.md")) if page.parent != DOCS / FOLDER]


def man_pages() -> list[tuple[str, str, str, str, int]]:
    """Return Sphinx's list of manual pages: source, name, summary, authors, section."""
    root = (f"{FOLDER}/commands", "zooctl", str(build_app().help).rstrip("."), "", 1)
    return [root] + [
        (f"{FOLDER}/{name}", f"zooctl-{name}", _summary(build_app().commands[name]), "", 1)
        for name in COMMANDS
    ]


def write(folder: Path) -> None:
    """Write all pages into a folder; one that is as it should be stays untouched."""
    folder.mkdir(exist_ok=True)
    for name, text in contents().items():
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)


def contents() -> dict[str, str]:
    """Return the text of each page by its name."""
    shown = examples()
    texts = {"commands": _commands()}
    for name in COMMANDS:
        texts[name] = "\n".join(_command(name, shown))
    for name in _DOCUMENTS:
        texts[f"schema-{name}"] = "\n".join(_document(name))
    return {**texts, "exit-codes": _exit_codes(), "statuses": _statuses()}


def _commands() -> str:
    lines = ["# Commands", "", str(build_app().help), "", "## Commands", ""]
    for name in COMMANDS:
        lines += [f"[`zooctl {name}`]({name}.md)", f": {_summary(build_app().commands[name])}", ""]
    lines += ["## Options", "", *_options(build_app(), "zooctl"), f"{_text(OPTIONS)}\n"]
    hidden = "\n".join(COMMANDS)
    return "\n".join(lines) + f"\n```{{toctree}}\n:hidden:\n\n{hidden}\n```\n"


def _command(name: str, shown: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a command's page, with its subcommands."""
    command = build_app().commands[name]
    yield f"# zooctl {name}\n"
    own = [leaf for leaf in leaves() if leaf.split()[0] == name]
    for leaf in own:
        one = leaves()[leaf]
        if leaf == own[0] and leaf != name:
            yield f"{_text(command.help)}\n"
        if leaf != name:
            yield f"## zooctl {leaf}\n"
        yield f"{_text(one.help)}\n"
        context = typer.Context(one, info_name=f"zooctl {leaf}", **one.context_settings)
        yield f"    {one.get_usage(context).removeprefix('Usage: ')}\n"
        yield from _options(one, f"zooctl {leaf}")
        if leaf in shown:
            yield from _example(*shown[leaf])
        else:
            yield f"Example:\n\n    $ {typed_example(leaf)}\n"


def _options(command: Any, name: str) -> Iterator[str]:
    """Yield arguments and options as a list of definitions."""
    context = typer.Context(command, info_name=name, **command.context_settings)
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield f"`{' '.join(record[0].split())}`"
            yield f": {_text(record[1]) or 'Required.'}\n"


def _example(page: Path, section: Any, command: Any) -> Iterator[str]:
    """Yield an example, and the page that it is from."""
    title = transcripts.read_page(page)[1].heading
    yield f"Example, from [{title}](../{page.relative_to(DOCS)}):\n"
    printed = list(command.printed)
    while printed and not printed[-1]:
        printed.pop()
    if len(printed) > _LONGEST:
        printed = [*printed[: _LONGEST - 1], "…"]
    for line in (f"$ {command.text}".split("\n")) + printed:
        yield f"    {line}".rstrip()
    yield ""


def _document(name: str) -> Iterator[str]:
    """Yield the lines of the page of a document's fields."""
    title, place, schema = _DOCUMENTS[name]
    root = schema()
    yield f"# {title}\n"
    yield f"The fields of `{place}`. `zooctl schema {name}` prints the same as JSON Schema.\n"
    for heading, part in {"Top level": root, **root.get("$defs", {})}.items():
        prose, told = _docstring(part.get("description", ""))
        yield f"## {heading}\n"
        if heading != "Top level" and prose:
            yield f"{_text(prose)}\n"
        for field, value in part.get("properties", {}).items():
            yield f"`{field}`"
            text = value.get("description") or told.get(field, "")
            yield f": {_text(text)} {_accepted(value, field in part.get('required', ()))}\n"
        if "enum" in part:
            yield f"One of {', '.join(f'`{one}`' for one in part['enum'])}.\n"


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    """Return the prose of a docstring and the texts of its attributes."""
    prose, _, attributes = inspect.cleandoc(text).partition("Attributes:")
    found = re.findall(r"^ {4}(\w+): ((?:.|\n {5,})+)", attributes, re.MULTILINE)
    return prose.strip(), {name: " ".join(value.split()) for name, value in found}


def _accepted(value: dict[str, Any], required: bool) -> str:
    """Return what a field accepts, in brackets.

    >>> _accepted({"type": "integer", "minimum": 1, "default": 3}, False)
    '(integer, at least 1; default `3`)'
    """
    told = _kind(value)
    if required:
        told += "; required"
    elif value.get("default") is not None:
        told += f"; default `{value['default']}`"
    return f"({told})"


def _kind(value: dict[str, Any]) -> str:
    """Return the kind of a value in words."""
    choices = value.get("anyOf") or value.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(_kind(one) for one in choices))
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in value or "enum" in value:
        return " or ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        inner = value.get("items") or next(iter(value.get("prefixItems", [])), {})
        return f"list of {_kind(inner)}"
    if value.get("type") == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"mapping to {_kind(value['additionalProperties'])}"
    names = {"string": "text", "object": "mapping", "boolean": "`true` or `false`"}
    kind = names.get(value.get("type", ""), value.get("type", "any value"))
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    return ", ".join(
        [kind, *(f"{word} {value[key]}" for key, word in bounds.items() if key in value)]
    )


def _exit_codes() -> str:
    """Return the page of exit codes, out of the error classes."""
    rows = {0: "Success."}
    for one in vars(errors).values():
        if (
            inspect.isclass(one)
            and one.__base__ is errors.ZooError
            and one is not errors.ManyErrors
        ):
            rows[one.exit_code] = inspect.cleandoc(str(one.__doc__)).split("\n")[0]
    rows[errors.ZooError.exit_code] = "A bug in zooctl; please report the traceback."
    rows |= {130: "Interrupted (SIGINT).", 143: "Ended by SIGTERM."}
    table = "".join(f"| {code} | {text} |\n" for code, text in sorted(rows.items()))
    return (
        "# Exit codes\n\nAn error is printed on stderr as `error: file:line: what (got …; expected "
        f"…). Hint: …`.\n\n| code | meaning |\n|---|---|\n{table}"
    )


def _statuses() -> str:
    rows = "".join(f"`{status}`\n: {_text(status.text)}\n\n" for status in Status)
    return (
        "# Statuses of alleles\n\nEvery allele of a scored VCF has one (`ZOO_<model>_STATUS`, or "
        f"the column `status`); `+` joins the flags of a scored one.\n\n{rows}"
    )


def _summary(command: Any) -> str:
    """Return the first sentence of a command's help, without a full stop."""
    return str(command.help or "").split("\n\n")[0].replace("\n", " ").rstrip(".")


def _text(text: str | None) -> str:
    """Return a docstring's text as Markdown: code in single backticks, no accidental markup."""
    plain = re.sub(r"``?([^`]+)``?", r"`\1`", inspect.cleandoc(text or "").replace("\b", ""))
    parts = re.split(r"(`[^`]+`)", plain)
    return "".join(
        part if part.startswith("`") else re.sub(r"([*_<>\[\]|])", r"\\\1", part) for part in parts
    )
