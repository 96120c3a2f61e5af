"""`zooctl bundle`: carry models to machines without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson
from zooctl.cli.ui.tables import echo, echo_files, echo_json

app = typer.Typer(
    help="Carry models to machines without a network.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("export")
def export(
    models: Annotated[list[str], typer.Argument(help="Names that `zooctl list` shows.")],
    output: Annotated[
        str, typer.Option("-o", "--output", help="A .tar, or a folder, for zoo.tar there.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing archive.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write models with all their files in the zoo into one archive.

    The same models give the same bytes.
    """
    from zooctl.catalog import bundle, registry
    from zooctl.cli.ui.tables import size_text
    from zooctl.errors import InputError
    from zooctl.files.disk.atomic import atomic_output
    from zooctl.files.disk.names import file_named

    archive = file_named(output, (".tar",), default="zoo.tar")
    if any("/" in model for model in models):
        raise InputError("only models of the zoo are bundled")
    entries = [registry.entry(model) for model in dict.fromkeys(models)]
    with atomic_output(archive, force=force) as temporary, temporary.open("wb") as target:
        files = bundle.export(entries, target)
    size = archive.stat().st_size
    if as_json:
        echo_files([archive], as_json, models=[entry.name for entry in entries], size=size)
    else:
        echo(f"{archive}: {len(files)} files, {size_text(size)}")


@app.command("import")
def import_(
    archive: Annotated[Path, typer.Argument(help="Archive that `zooctl bundle export` wrote.")],
    into: Annotated[
        Path | None,
        typer.Option(
            help="Folder to make a zoo of, for models that this zoo lacks: "
            "use them as FOLDER/zoo/NAME, or set ZOOCTL_ZOO."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify an archive and make its models usable offline.

    Weights of models that this zoo knows go into the cache, if they are those that its manifests
    pin.
    """
    from zooctl.catalog.bundle import unpack, unpack_as_zoo
    from zooctl.files.disk.atomic import work_folder
    from zooctl.files.download.download import download_folder

    if into is not None:
        manifests = unpack_as_zoo(archive, into)
    else:
        with work_folder(download_folder("bundles")) as folder:
            manifests = unpack(archive, folder)
            for manifest in manifests:
                _import(folder, manifest.name)
    names = [manifest.name for manifest in manifests]
    where = [name if into is None else str(into / "zoo" / name) for name in names]
    if as_json:
        pairs = zip(names, where, strict=True)
        echo_json([{"name": name, "model": model} for name, model in pairs])
        return
    for name, model in zip(names, where, strict=True):
        echo(f"{name}: verified; --model {model}")


def _import(folder: Path, name: str) -> None:
    """Copy the weights of a model of this zoo into the cache."""
    from zooctl.catalog import registry
    from zooctl.catalog.root import model_names
    from zooctl.catalog.weights import add_to_cache
    from zooctl.errors import InputError, IntegrityError

    head = f"zoo/{name}/"
    if name not in model_names():
        raise InputError(
            "this zoo does not know the model", got=name, hint="--into FOLDER keeps it by itself"
        )
    known = registry.entry(name).manifest()
    for path, pinned in known.files.items():
        if not path.startswith(head):
            continue
        here = folder / path
        if not here.is_file():
            raise IntegrityError("the archive lacks a file that this zoo pins", path=path)
        try:
            add_to_cache(path, here.read_bytes(), pinned)
        except IntegrityError:
            raise IntegrityError(
                "the archive has other bytes than this zoo pins",
                path=path,
                expected=f"sha256 {pinned.sha256}",
                hint="it is of another version; --into FOLDER keeps it by itself",
            ) from None
