"""`zooctl adopt grelu`: networks of gReLU."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from zooctl.cli.commands.adopt_long_range import InputLength, Only, chosen
from zooctl.cli.commands.adopt_profiles import (
    Assay,
    Biosample,
    Checkpoint,
    NewEntry,
    Target,
    TrackNames,
    known,
    read,
    write,
)
from zooctl.cli.commands.adopt_report import Force, Licence, Name, naming
from zooctl.cli.ui.options import AllowUntrusted, AsJson


def add_grelu(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("grelu")(grelu)


def grelu(
    checkpoint: Checkpoint,
    name: Name,
    licence: Licence,
    assembly: Annotated[
        str | None,
        typer.Option(help="Assembly of its genome, by UCSC's name; default: as it was trained."),
    ] = None,
    only: Only = None,
    input_length: InputLength = None,
    scale: Annotated[
        Literal["signal", "log", "logit", "probability"] | None,
        typer.Option(help="Scale of predicted values; default: as its task is called."),
    ] = None,
    tracks: TrackNames = None,
    assay: Assay = None,
    target: Target = None,
    biosample: Biosample = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Convert a model of gReLU to an entry, from what its LightningModel or model zoo saved.

    Convolutional networks, those with a perceptron or a transformer behind, Enformer and Borzoi.
    """
    from zooctl.errors import InputError
    from zooctl.inference.adopt.families.grelu import assembly_of, convert_grelu

    with naming(Path(checkpoint)):
        weights = read(checkpoint, allow_untrusted=allow_untrusted)
        converted = convert_grelu(
            weights, input_length=input_length, only=chosen(only), scale=scale
        )
        genome = assembly or assembly_of(weights)
        if genome is None:
            raise InputError("no genome that is known", path=checkpoint, hint="--assembly, as hg38")
        track = known(assay=assay, target=target, biosample=biosample)
        entry = NewEntry(name, genome, licence, tracks, force, as_json)
        write(converted, weights, entry, track)
