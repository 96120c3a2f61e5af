"""`zooctl pull`: download the weights of models, for use offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AcceptLicence, AllowUntrusted, AsJson, accept_licences

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry


def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names that `zooctl list` shows, or hf://org/repo@COMMIT.", show_default=False
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every model of the zoo.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no server; check the files on this machine.")
    ] = False,
    allow_untrusted: AllowUntrusted = False,
    accept_licence: AcceptLicence = False,
    as_json: AsJson = False,
) -> None:
    """Download and verify every file of models; files that are here cost no request.

    Files come from the hub at the commit that the card pins, or from their authors' address, and
    must have the bytes that the manifest pins. Commands that need them download them by themselves.
    Licences that forbid commercial use are accepted once, with --accept-licence.
    """
    from zooctl.catalog import registry
    from zooctl.catalog.hub.endpoint import why_withheld
    from zooctl.catalog.root import model_names
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.tables import echo_json, print_table, size_text
    from zooctl.errors import InputError, ManyErrors, ZooError
    from zooctl.files.download.download import go_offline

    if bool(models) == every:
        raise InputError("say which models", expected="names, or --all")
    if offline:
        go_offline()  # before the hub's client is imported
    elif (why := why_withheld()) is not None:
        say(f"note: {why}")
    names = model_names() if every else list(dict.fromkeys(models or []))
    rows: list[tuple[str, int, int, str]] = []
    errors: list[ZooError] = []
    for name in names:
        try:
            entry = registry.entry(name, allow_untrusted=allow_untrusted)
            if every and entry.card().weights is None:
                continue
            if accept_licence:
                accept_licences([entry.card()])
            rows.append(_pull(entry))
        except ZooError as error:
            errors += error.errors if isinstance(error, ManyErrors) else [error]
    headers = ("model", "files", "size", "from")
    if as_json:
        echo_json([dict(zip(headers, row, strict=True)) for row in rows])
    elif rows:
        print_table(
            headers, [(name, str(n), size_text(n_bytes), at) for name, n, n_bytes, at in rows]
        )
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


def _pull(entry: Entry) -> tuple[str, int, int, str]:
    """Download and verify the files of one model; return its row of the table."""
    from zooctl.catalog.weights import download_missing
    from zooctl.cli.ui.progress import progress

    pinned = entry.manifest().files
    total = sum(pinned[path].size for path in pinned if path.startswith(f"zoo/{entry.name}/"))
    n_files = 0
    with progress(total, "B", entry.name) as advance:
        for digest in download_missing(entry):
            n_files += 1
            advance(digest.size)
    where = "hub" if entry.hub else entry.weights_at(entry.card())
    return entry.name, n_files, total, where
