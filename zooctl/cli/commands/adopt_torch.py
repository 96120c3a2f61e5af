"""`zooctl adopt torch`: the network of a recipe with weights that were trained elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.commands.adopt_profiles import Checkpoint, NewEntry, TrackNames, read, write
from zooctl.cli.commands.adopt_report import Force, Licence, Name, naming
from zooctl.cli.ui.options import AllowUntrusted, AsJson


def add_torch(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("torch")(torch)


def torch(
    checkpoint: Checkpoint,
    recipe: Annotated[
        str, typer.Option(help="Recipe that names the network: a model of the zoo, or a file.")
    ],
    name: Name,
    licence: Licence,
    tracks: TrackNames = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Convert a state dict of PyTorch, of a network that a recipe names, to an entry.

    Needs the extra `train`. The recipe's data are not read; networks of the user's own go by
    `adopt onnx`.
    """
    from zooctl.catalog.recipes import recipe_as_run
    from zooctl.errors import need

    need("torch", "adopt torch")
    from zooctl.training.export.state_dict import convert_state_dict

    chosen, _ = recipe_as_run(recipe, ())
    with naming(Path(checkpoint)):
        weights = read(checkpoint, allow_untrusted=allow_untrusted)
        converted = convert_state_dict(weights, chosen)
        entry = NewEntry(name, chosen.genome.assembly, licence, tracks, force, as_json)
        write(converted, weights, entry, {})
