"""`zooctl push`: publish a model on the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AsJson
from zooctl.cli.ui.tables import echo, echo_json

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry


def command(
    model: Annotated[str, typer.Argument(help="A name that `zooctl list` shows.")],
    repo: Annotated[str, typer.Option(help="Repository on the hub, as org/name.")],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run/--no-dry-run", help="Print the files and push nothing."),
    ] = True,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Propose the commit; the card stays as it is.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Report of `zooctl reproduce` to push with the model.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Push a checked model as one commit, print the commit, and write it onto the card.

    The repository gets the weights, probe, card, recipe and manifest as they are, and a README,
    config.json, licence and citation written from the card. The login is that of `hf auth
    login`, or HF_TOKEN.
    """
    import re

    from zooctl.catalog import registry
    from zooctl.catalog.publish import repository
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.tables import print_table, size_text
    from zooctl.errors import InputError, ManyErrors
    from zooctl.reproduction.verify.consistency import entry_problems

    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", repo, re.ASCII):
        raise InputError("no name of a repository", got=repo, expected="org/name")
    if "/" in model:
        raise InputError("only models of the zoo are pushed", got=model)
    entry = registry.entry(model)
    if errors := entry_problems(entry):
        raise ManyErrors(errors)
    files = repository(entry, repo, None if report is None else _report(report))
    sizes = [(path, len(content)) for path, content in files.items()]
    if dry_run:
        if as_json:
            echo_json([{"file": path, "size": size} for path, size in sizes])
        else:
            print_table(("file", "size"), [(path, size_text(size)) for path, size in sizes])
        say(f"nothing was pushed; --no-dry-run pushes this to {repo}")
        return
    from zooctl.catalog.hub.download import publish

    message = f"{entry.name} {entry.card().version}"
    revision, address = publish(repo, files, message, create_pr=create_pr)
    if not create_pr:
        _pin(entry, repo, revision)
    say(f"pushed: {address}")
    if as_json:
        echo_json({"repo": repo, "revision": revision, "address": address})
    else:
        echo(revision)


def _report(path: Path) -> bytes:
    """Read a report; it must be a JSON object."""
    import json

    from zooctl.errors import InputError

    try:
        content = path.read_bytes()
        if isinstance(json.loads(content), dict):
            return content
    except OSError as error:
        raise InputError("cannot be read", path=path, got=error.strerror) from None
    except (ValueError, RecursionError):
        pass
    raise InputError("no report", path=path, expected="a JSON object")


def _pin(entry: Entry, repo: str, revision: str) -> None:
    """Write the commit onto the card, and the card's digest into the manifest."""
    from zooctl.catalog.card_text import with_hub
    from zooctl.files.disk.atomic import atomic_output
    from zooctl.schema.manifest import stamp_documents

    text = with_hub(entry.card_path.read_text(encoding="utf-8"), repo, revision)
    with atomic_output(entry.card_path, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    stamp_documents(entry.root, entry.name)
