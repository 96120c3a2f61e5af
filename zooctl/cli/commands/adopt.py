"""`zooctl adopt`: add a model that was trained by other software to the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from zooctl.cli.commands.adopt_grelu import add_grelu
from zooctl.cli.commands.adopt_kipoi import add_kipoi
from zooctl.cli.commands.adopt_long_range import add_long_range
from zooctl.cli.commands.adopt_profiles import add_profiles
from zooctl.cli.commands.adopt_report import (
    Assembly,
    Force,
    Licence,
    Name,
    Scale,
    UnknownBase,
    naming,
    report,
)
from zooctl.cli.commands.adopt_torch import add_torch
from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import LONGEST, AcceptLicence, AsJson, accept_licences
from zooctl.cli.ui.tables import echo_files

if TYPE_CHECKING:
    from zooctl.inference.adopt.interface import Interface
    from zooctl.sequence.windows import Geometry

app = typer.Typer(
    help="Add a model that was trained by other software to the zoo.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Tracks = Annotated[
    str, typer.Option(help="Name of each track, in the order of the output: as plus,minus.")
]
BinSize = Annotated[
    int | None,
    typer.Option(min=1, max=LONGEST, help="bp in a bin; default: the bins fill the input."),
]


@app.command("onnx")
def onnx(
    model: Annotated[Path, typer.Argument(help="ONNX file: one-hot sequence in, tracks out.")],
    name: Name,
    assembly: Assembly,
    tracks: Tracks,
    licence: Licence,
    bin_size: BinSize = None,
    unknown_base: UnknownBase = "0",
    scale: Scale = "signal",
    transform: Annotated[
        Literal["none", "arcsinh", "log1p"],
        typer.Option(help="Transform of the training target, which is undone."),
    ] = "none",
    output: Annotated[
        str | None, typer.Option(help="Output to keep, where the graph has several.")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write card, manifest and probe of an ONNX file, and list the card's empty fields.

    The graph is copied after the checks that every graph passes; its lengths are read from it.
    """
    from zooctl.inference.adopt.interface import read_interface
    from zooctl.inference.adopt.keras_file import read_bounded

    names = [track.strip() for track in tracks.split(",")]
    content = read_bounded(model)
    with naming(model):
        interface = read_interface(content, len(names), model, output=output)
        facts = {"name": name, "licence": licence, "assembly": assembly, "output_scale": scale}
        facts["output_transform"] = transform
        base = float(unknown_base)
        _adopt(interface, names, bin_size, base, facts, force=force, as_json=as_json)


@app.command("keras")
def keras(
    model: Annotated[Path, typer.Argument(help="HDF5 of Keras 1 or 2, as model.save writes it.")],
    name: Name,
    assembly: Assembly,
    tracks: Tracks,
    licence: Licence,
    architecture: Annotated[
        Path | None,
        typer.Option(help="JSON of the network, where the file holds weights alone."),
    ] = None,
    input_length: Annotated[
        int | None,
        typer.Option(min=1, max=LONGEST, help="Bases read; default: as the network states."),
    ] = None,
    bin_size: BinSize = None,
    unknown_base: UnknownBase = "0",
    scale: Scale = "signal",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Convert a model of Keras to an entry; layers that run code are refused, nothing is run.

    Conv1D, pooling, normalisation, Dense, sums and joins of them are known; the list is in the
    error for a layer that is not.
    """
    from zooctl.inference.adopt.keras_file import read_keras

    names = [track.strip() for track in tracks.split(",")]
    with naming(model):
        interface = read_keras(
            model, len(names), architecture=architecture, input_length=input_length
        )
        facts = {"name": name, "licence": licence, "assembly": assembly, "output_scale": scale}
        base = float(unknown_base)
        _adopt(interface, names, bin_size, base, facts, force=force, as_json=as_json)


def _adopt(
    interface: Interface,
    names: list[str],
    bin_size: int | None,
    unknown_base: float,
    facts: dict[str, Any],
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Write the entry of a graph, and say what was done to it."""
    from zooctl.catalog.new_card import card_fields
    from zooctl.catalog.root import own_root
    from zooctl.inference.adopt.adopt import write_entry

    root = own_root()
    fields = card_fields(
        geometry=_geometry(interface.input_length, interface.n_bins, bin_size),
        unknown_base=unknown_base,
        tracks=[{"name": track} for track in names],
        **facts,
    )
    adopted = write_entry(root, interface.model, fields, force=force)
    for change in interface.changes:
        say(f"put around the graph: {change}")
    for repair in interface.repairs:
        say(f"left out of the graph: {repair}")
    report(adopted, as_json)


@app.command("pwm")
def pwm(
    file: Annotated[Path, typer.Argument(help="Profiles: JASPAR, MEME or HOCOMOCO.")],
    motif: Annotated[str, typer.Option(help="Name of the profile in the file.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the entry; default: pwm_<target, or motif>.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Factor that binds the motif, as CTCF.")
    ] = None,
    assembly: Assembly = "hg38",
    licence: Annotated[
        str | None,
        typer.Option(help="Licence of the profile; those of JASPAR and HOCOMOCO are known."),
    ] = None,
    bin_size: Annotated[int, typer.Option(min=1, max=LONGEST, help="bp in a bin.")] = 32,
    output_length: Annotated[
        int,
        typer.Option(
            min=1,
            max=LONGEST,
            help="bp in a window; one value a window where it equals --bin-size.",
        ),
    ] = 2048,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write an entry that scans for a motif: the best log-odds of both strands in each bin."""
    import re

    from zooctl.catalog.new_card import collection_of, pwm_fields
    from zooctl.catalog.root import own_root
    from zooctl.errors import InputError
    from zooctl.files.motifs import read_motif
    from zooctl.inference.adopt.adopt import write_entry
    from zooctl.inference.adopt.pwm_graph import pwm_geometry, pwm_graph
    from zooctl.schema.manifest import digest_file

    profile = read_motif(file, motif, say=say)
    known = collection_of(motif)
    if licence is None and known is None:
        raise InputError("the profile's licence is not known", got=motif, hint="--licence, as MIT")
    geometry = pwm_geometry(profile, output_length, bin_size)
    stem = re.sub(r"[^a-z0-9._-]+", "_", (target or motif).lower())
    fields = pwm_fields(
        motif,
        name=name or f"pwm_{stem}"[:64],
        target=target,
        licence=licence or (known[0].licence if known else ""),
        assembly=assembly,
        geometry=geometry,
        file=(file.name, digest_file(file)),
    )
    root = own_root()
    with naming(file):
        adopted = write_entry(root, pwm_graph(profile, geometry), fields, force=force)
    report(adopted, as_json)


@app.command("published")
def published(
    name: Annotated[str, typer.Argument(help="A model with a card whose weights stay elsewhere.")],
    root: Annotated[
        Path | None, typer.Option(help="Zoo with its card; default: the one of ZOOCTL_ZOO.")
    ] = None,
    accept_licence: AcceptLicence = False,
    as_json: AsJson = False,
) -> None:
    """Make an entry of a published model anew: graph without weights, probe, manifest.

    The weights are found in ZOOCTL_DATA_MIRROR or the cache, or downloaded from the addresses that
    the card names; they are not copied into the entry.
    """
    from zooctl.catalog.root import own_root
    from zooctl.inference.adopt.remake import remake
    from zooctl.schema.card import load_card

    zoo = root or own_root()
    if accept_licence:
        accept_licences([load_card(zoo / "model_cards" / f"{name}.yaml")])
    digest = remake(zoo, name)
    say(f"the graph with its weights: {digest.size:,} bytes, sha256 {digest.sha256}")
    facts = {"model": name, "graph_sha256": digest.sha256, "graph_size": digest.size}
    echo_files([zoo / "zoo" / name], as_json, **facts)


def _geometry(input_length: int, n_bins: int, bin_size: int | None) -> Geometry:
    """Return the window of a graph with bins of one size."""
    from zooctl.errors import InputError
    from zooctl.sequence.windows import Geometry

    if bin_size is None:
        if input_length % n_bins:
            raise InputError(
                "the bins do not fill the input",
                got=f"{n_bins:,} bins, {input_length:,} bp",
                hint="--bin-size is the number of bp in a bin",
            )
        bin_size = input_length // n_bins
        bins = "a bin is" if n_bins == 1 else f"{n_bins:,} bins are"
        say(f"taken for granted: {bins} the {input_length:,} bp that it reads; else --bin-size")
    output_length = n_bins * bin_size
    return Geometry(input_length, output_length, bin_size, output_length)


add_profiles(app)
add_grelu(app)
add_kipoi(app)
add_long_range(app)
add_torch(app)
