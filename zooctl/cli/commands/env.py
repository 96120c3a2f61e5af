"""`zooctl env`: the software and hardware that decide bits, compared with those of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import zooctl
from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import AsJson
from zooctl.cli.ui.tables import echo, echo_json

app = typer.Typer(
    help="Show the software and hardware that decide bits, each with its digest.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    against: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Compare with the environment of a model."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the components of this environment and their digests."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.restart import hold_portable_entry
    from zooctl.cli.ui.tables import print_fields
    from zooctl.reproduction.environment import software_digest as environment

    if context.invoked_subcommand is not None:
        return
    entry = None if against is None else registry.entry(against)
    if entry is not None:
        hold_portable_entry(entry)
    from zooctl.reproduction.environment.compare_recorded import (
        compare_environment,
        environment_for,
        recorded_environment,
    )
    from zooctl.reproduction.environment.machine import container_image

    image = container_image()
    here = environment.here() if entry is None else environment_for(entry)
    document = {
        "software_digest": here.software_digest,
        "hardware_digest": here.hardware_digest,
        "software": here.software,
        "hardware": here.hardware,
    } | ({"image": image} if image else {})
    if entry is None:
        if as_json:
            echo_json(document)
            return
        for name, digest, part in (
            ("software", here.software_digest, here.software),
            ("hardware", here.hardware_digest, here.hardware),
        ):
            echo(f"{name}  {digest}")
            print_fields([(f"  {field}", text) for field, text in environment.lines(part)])
        if image:
            echo(f"image     {image}")
        return
    known = recorded_environment(entry)
    software, hardware = compare_environment(entry, here, known)
    if as_json:
        parts = {"software": software.model_dump(), "hardware": hardware.model_dump()}
        echo_json({"model": entry.name, **parts})
        return
    for name, compared in (("software", software), ("hardware", hardware)):
        if compared.recorded is None:
            echo(f"{name}  {compared.found}  nothing is recorded of {entry.name}")
        else:
            echo(f"{name}  {compared.found}  {'same' if compared.match else 'differs'}")
        rows = [(field, f"{old} -> {new}") for field, old, new in compared.differences]
        if compared.match is False and known is None:
            rows = [("", "the card has a digest alone, so what differs is not known")]
        print_fields([(f"  {field}", text) for field, text in rows])


@app.command("create")
def create(
    model: Annotated[str, typer.Argument(help="A name that `zooctl list` shows.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="New folder; default: env-<model>."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build the environment of a model from its lock files, each package verified by its hash.

    pip finds packages by its own settings: without a network, PIP_NO_INDEX=1 and
    PIP_FIND_LINKS=<folder of wheels>.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.progress import progress
    from zooctl.files.disk.names import check_folder_name
    from zooctl.reproduction import create_environment

    check_folder_name(output)
    folder = output or Path(f"env-{model}")
    setup = create_environment.prepare(registry.entry(model))
    with progress(None, "packages", f"building {folder}"):
        create_environment.create(setup, folder)
    if setup.package is None:
        say("zooctl itself was not installed from source: install it there by pip")
    if as_json:
        version = None if setup.package is None else zooctl.__version__
        locks = [lock.name for lock in setup.locks]
        echo_json({"model": model, "folder": str(folder), "locks": locks, "zooctl": version})
        return
    for lock in setup.locks:
        echo(f"installed  {lock.name}")
    if setup.package is None:
        return
    echo(f"installed  zooctl {zooctl.__version__}, from its source")
    echo(f"use        {folder}/bin/zooctl reproduce {model} --mode full")


@app.command("container")
def container(
    model: Annotated[str, typer.Argument(help="A name that `zooctl list` shows.")],
    as_json: AsJson = False,
) -> None:
    """Print the Containerfile of a model's environment, built in the folder of the checkout."""
    from zooctl.catalog import registry
    from zooctl.reproduction import create_environment
    from zooctl.reproduction.containerfile import containerfile

    text = containerfile(create_environment.prepare(registry.entry(model)))
    if as_json:
        echo_json({"model": model, "containerfile": text})
    else:
        echo(text.removesuffix("\n"))
