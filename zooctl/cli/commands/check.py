"""`zooctl check`: agreement of a model's card, recipe, manifest, graph and probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AllowUntrusted, AsJson
from zooctl.cli.ui.tables import echo, echo_json

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.errors import ZooError


def command(
    models: Annotated[
        list[str] | None, typer.Argument(help="Names that `zooctl list` shows.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every model of the zoo.")] = False,
    stamp: Annotated[
        bool,
        typer.Option(
            "--stamp",
            help="First pin card and recipe, as they are now, in the manifest: "
            "say so after editing them.",
        ),
    ] = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
) -> None:
    """Check that a model's card, recipe, manifest, graph and probe agree; exit 3 if not."""
    from zooctl.catalog import registry
    from zooctl.catalog.check import check_orphans
    from zooctl.catalog.root import model_names, zoo_roots
    from zooctl.errors import InputError, ManyErrors
    from zooctl.reproduction.verify.consistency import entry_problems
    from zooctl.schema.manifest import stamp_documents

    if bool(models) == every:
        raise InputError("say which models", expected="names, or --all")
    entries = [
        registry.entry(name, allow_untrusted=allow_untrusted)
        for name in (model_names() if every else models or [])
    ]
    errors: list[ZooError] = []
    rows = []
    for entry in entries:
        if stamp and entry.folder is not None and entry.card_path.parent != entry.folder:
            stamp_documents(entry.root, entry.name)
        found = entry_problems(entry)
        parts = [part for part, there in _parts(entry) if there]
        verdict = f"problems: {len(found)}" if found else f"ok ({', '.join(parts)})"
        if not as_json:
            echo(f"{entry.name}: {verdict}")
        texts = [" ".join(str(error).split()) for error in found]
        rows.append({"model": entry.name, "ok": not found, "parts": parts, "problems": texts})
        errors += found
    if as_json:
        echo_json(rows)
    if every:
        errors += [error for root in zoo_roots() for error in check_orphans(root)]
    if errors:
        raise ManyErrors(errors)


def _parts(entry: Entry) -> list[tuple[str, bool]]:
    from zooctl.catalog.entry import GRAPH, ONNX, PROBE, SAFETENSORS

    folder = entry.folder
    files = [
        (file, folder is not None and (folder / file).is_file())
        for file in (GRAPH, ONNX, SAFETENSORS, PROBE)
    ]
    missing = folder is not None and not (folder / ONNX).is_file()
    published = missing and _has_published_weights(entry)
    return [
        ("card", True),
        ("recipe", entry.recipe_path is not None),
        ("manifest", folder is not None),
        *files,
        ("weights as published", published),
        ("weights are elsewhere and were not looked at", missing and not published),
    ]


def _has_published_weights(entry: Entry) -> bool:
    """Return whether weights that are not in the repository are on this machine."""
    from zooctl.catalog.weights import onnx_bytes
    from zooctl.errors import ZooError

    try:
        onnx_bytes(entry, may_download=False)
    except ZooError:
        return False
    return True
