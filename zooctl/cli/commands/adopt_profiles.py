"""`zooctl adopt bpnet-lite|chrombpnet|cherimoya`: networks of a profile and its counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from zooctl.cli.commands.adopt_report import Assembly, Force, Licence, Name, naming, report
from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import LONGEST, AllowUntrusted, AsJson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zooctl.inference.adopt.families.checkpoint import Weights
    from zooctl.inference.adopt.families.entry import Converted

Checkpoint = Annotated[
    str, typer.Argument(help="Checkpoint: a file, or hf://org/repo@<40 hex>/file.")
]
Head = Annotated[
    Literal["coverage", "profile", "counts"],
    typer.Option(help="Kind of track: profile times counts, the profile, or log(1 + counts)."),
]
OutputLength = Annotated[int, typer.Option(min=1, max=LONGEST, help="bp predicted.")]
TrackNames = Annotated[
    str | None, typer.Option("--tracks", help="Name of each track; default: the family's own.")
]
Assay = Annotated[str | None, typer.Option(help="Assay of the tracks, as ATAC-seq.")]
Target = Annotated[str | None, typer.Option(help="Assayed protein or mark, as CTCF.")]
Biosample = Annotated[str | None, typer.Option(help="Cell line or tissue, as K562.")]


class NewEntry(NamedTuple):
    """What is typed of the entry that a checkpoint becomes.

    Attributes:
        name: Name of the entry.
        assembly: Genome to predict on.
        licence: SPDX identifier.
        tracks: Names of the tracks, separated by commas; None for the family's own.
        force: Replace an entry.
        as_json: Print the report as JSON.
    """

    name: str
    assembly: str
    licence: str
    tracks: str | None
    force: bool
    as_json: bool


def add_profiles(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for name, function in (
        ("bpnet-lite", bpnet_lite),
        ("chrombpnet", chrombpnet),
        ("cherimoya", cherimoya),
    ):
        app.command(name)(function)


def bpnet_lite(
    checkpoint: Checkpoint,
    name: Name,
    assembly: Assembly,
    licence: Licence,
    head: Head = "coverage",
    output_length: OutputLength = 1_000,
    trimming: Annotated[
        int | None,
        typer.Option(min=0, max=LONGEST, help="bp taken off each side; default: the class's."),
    ] = None,
    form: Annotated[
        Literal["BPNet", "BasePairNet"], typer.Option(help="Class of bpnet-lite.")
    ] = "BPNet",
    tracks: TrackNames = None,
    assay: Assay = "ChIP-seq",
    target: Target = None,
    biosample: Biosample = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Convert a BPNet of bpnet-lite, saved as a state dict, to an entry.

    Control tracks are read as zeros.
    """
    from zooctl.inference.adopt.families.bpnet import convert_bpnet

    with naming(Path(checkpoint)):
        weights = read(checkpoint, allow_untrusted=allow_untrusted)
        converted = convert_bpnet(
            weights, head=head, output_length=output_length, trimming=trimming, form=form
        )
        track = known(assay=assay, target=target, biosample=biosample)
        entry = NewEntry(name, assembly, licence, tracks, force, as_json)
        write(converted, weights, entry, track)


def chrombpnet(
    checkpoint: Checkpoint,
    name: Name,
    assembly: Assembly,
    licence: Licence,
    head: Head = "coverage",
    with_bias: Annotated[
        bool, typer.Option("--with-bias", help="Leave the enzyme's bias in, as reads have it.")
    ] = False,
    output_length: OutputLength = 1_000,
    tracks: TrackNames = None,
    assay: Assay = "ATAC-seq",
    biosample: Biosample = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Convert a ChromBPNet to an entry: bias-corrected unless asked otherwise.

    Reads a state dict of bpnet-lite's class, whole or the accessibility model alone, and
    ChromBPNet's own HDF5.
    """
    from zooctl.inference.adopt.families.bpnet import convert_chrombpnet

    with naming(Path(checkpoint)):
        weights = read(checkpoint, allow_untrusted=allow_untrusted)
        converted = convert_chrombpnet(
            weights, head=head, output_length=output_length, with_bias=with_bias
        )
        track = {"target": None, **known(assay=assay, biosample=biosample)}
        entry = NewEntry(name, assembly, licence, tracks, force, as_json)
        write(converted, weights, entry, track)


def cherimoya(
    checkpoint: Checkpoint,
    name: Name,
    assembly: Assembly = "hg38",
    licence: Licence = "MIT",
    head: Head = "coverage",
    output_length: OutputLength = 1_000,
    tracks: TrackNames = None,
    assay: Assay = None,
    target: Target = None,
    biosample: Biosample = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Convert a Cherimoya to an entry; sizes are in its checkpoint.

    Experiment and fold of CATv1 are read from the address.
    """
    from zooctl.inference.adopt.families.cherimoya import convert_cherimoya

    with naming(Path(checkpoint)):
        weights = read(checkpoint, allow_untrusted=allow_untrusted)
        converted = convert_cherimoya(weights, head=head, output_length=output_length)
        track = {"target": target, **known(assay=assay, biosample=biosample)}
        entry = NewEntry(name, assembly, licence, tracks, force, as_json)
        write(converted, weights, entry, track)


def known(**fields: str | None) -> dict[str, str | None]:
    """Return the fields that were given; others are written as unknown."""
    return {name: value for name, value in fields.items() if value is not None}


def read(checkpoint: str, *, allow_untrusted: bool) -> Weights:
    """Read a checkpoint (see ``families.checkpoint.read_weights``)."""
    from zooctl.inference.adopt.families.checkpoint import read_weights

    return read_weights(checkpoint, allow_untrusted=allow_untrusted)


def write(
    converted: Converted, weights: Weights, entry: NewEntry, track: Mapping[str, str | None]
) -> None:
    """Write the entry of a converted checkpoint, and say what was done.

    Args:
        converted: The graph.
        weights: The checkpoint.
        entry: What was typed of the entry.
        track: Fields that all tracks have.
    """
    from zooctl.catalog.root import own_root
    from zooctl.inference.adopt.families.entry import write_converted

    names = None if entry.tracks is None else [one.strip() for one in entry.tracks.split(",")]
    adopted = write_converted(
        own_root(),
        converted,
        weights,
        name=entry.name,
        assembly=entry.assembly,
        licence=entry.licence,
        track=track,
        names=names,
        force=entry.force,
    )
    for word in converted.words:
        say(word)
    report(adopted, entry.as_json)
