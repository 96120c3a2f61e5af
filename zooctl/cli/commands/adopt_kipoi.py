"""`zooctl adopt kipoi`: a folder in Kipoi's form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from zooctl.cli.commands.adopt_profiles import NewEntry, TrackNames, write
from zooctl.cli.commands.adopt_report import Assembly, Force, Name, naming
from zooctl.cli.ui.options import AsJson


def add_kipoi(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("kipoi")(kipoi)


def kipoi(
    folder: Annotated[Path, typer.Argument(help="Folder with model.yaml.")],
    name: Name,
    assembly: Assembly,
    licence: Annotated[
        str | None, typer.Option(help="Licence of the weights; default: as model.yaml says.")
    ] = None,
    tracks: TrackNames = None,
    scale: Annotated[
        Literal["signal", "log", "logit", "probability"] | None,
        typer.Option(help="Scale of predicted values; default: as the targets are called."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Convert a model of Kipoi to an entry; its model.yaml is read as data, and nothing is run.

    Keras' networks, and Basset and DeepSEA of PyTorch, whose dataloader is plain one-hot.
    """
    from zooctl.errors import InputError
    from zooctl.inference.adopt.families.kipoi import read_kipoi

    with naming(folder):
        made = read_kipoi(folder, scale=scale)
        known = licence or made.licence
        if known is None:
            raise InputError("no licence that is known", path=folder, hint="--licence, as MIT")
        entry = NewEntry(name, assembly, known, tracks, force, as_json)
        write(made.converted, made.weights, entry, {})
