"""`zooctl cache`: show and clear what was downloaded or derived."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import AsJson
from zooctl.cli.ui.tables import echo, echo_json, print_table, size_text

app = typer.Typer(
    help="Show and clear what was downloaded or derived.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """List the parts of the cache with their files and sizes; the folder stands on stderr."""
    from zooctl.files.disk.cache import cache_folder, cache_parts

    parts = cache_parts()
    say(f"cache: {cache_folder()}")
    if as_json:
        echo_json([part._asdict() for part in parts])
        return
    rows = [(part.name, str(part.files), size_text(part.size)) for part in parts]
    print_table(("part", "files", "size"), rows)


@app.command("clean")
def clean(
    parts: Annotated[
        list[str] | None,
        typer.Argument(help="Parts that `zooctl cache list` shows.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The whole cache.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove parts of the cache; what is needed again is downloaded or made again."""
    from zooctl.errors import InputError
    from zooctl.files.disk.cache import cache_parts, remove_part

    if bool(parts) == every:
        raise InputError("say which parts", expected="names, or --all")
    before = {part.name: part for part in cache_parts()}
    removed = []
    for name in before if every else parts or ():
        remove_part(name)
        removed.append(part := before[name])
        if not as_json:
            echo(f"removed: {name}, {part.files:,} files, {size_text(part.size)}")
    if as_json:
        echo_json([part._asdict() for part in removed])
