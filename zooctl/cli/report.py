"""`zooctl report`: reports of `zooctl reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Check reports of zooctl reproduce.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    """Keeps `verify` a subcommand while it is the only one."""


@app.command("verify")
def verify(
    report: Annotated[Path, typer.Argument(metavar="R.json", help="As --report wrote it.")],
) -> None:
    """Hold a report against the entry it is about, as that is here; exit 3 or 5 if it fails.

    Checks that the report is whole and about these very bytes, and that its verdict follows from
    its findings. That the findings were made, only making them again can show.
    """
    from zooctl.catalog import registry
    from zooctl.errors import InputError, ManyErrors
    from zooctl.reproduce.check_report import check_report
    from zooctl.reproduce.report import from_text

    try:
        content = report.read_bytes()
    except OSError as error:
        raise InputError("cannot be read", path=report, got=error.strerror) from None
    found = from_text(content, report)
    if errors := check_report(registry.entry(found.model), found):
        raise ManyErrors(errors)
    typer.echo(f"{found.model}: {found.level} ({found.coverage}), as the report says")
