"""`zooctl plot`: a picture of tracks over one region."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.messages import say


def command(
    tracks: Annotated[list[Path], typer.Argument(metavar="TRACK.bw …", help="From top to bottom.")],
    region: Annotated[str, typer.Option(help="As chr21:30,000,001-31,000,000.")],
    output: Annotated[
        str, typer.Option("-o", "--output", help="A .png, .pdf or .svg, or a folder.")
    ],
    title: Annotated[str | None, typer.Option(help="Above the picture.")] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="Name of a track, once a track; else its file's.")
    ] = None,
    unit: Annotated[list[str] | None, typer.Option(help="Unit of a track, once a track.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing picture.")] = False,
) -> None:
    """Draw bigWig tracks of one region below each other."""
    import numpy as np

    from zooctl.files.bigwig.reader import BigWig
    from zooctl.files.disk.atomic import check_output
    from zooctl.files.disk.names import file_named
    from zooctl.files.intervals.regions import region_stem
    from zooctl.interpret.pictures.plots import PlottedTrack, draw_tracks, summarise
    from zooctl.sequence.intervals import parse_region

    target = file_named(output, (".png", ".pdf", ".svg"), default=f"{region_stem(region)}.png")
    check_output(target, force, inputs=tracks)
    names = _labels("--name", name, [track.name.removesuffix(".bw") for track in tracks])
    units = _labels("--unit", unit, [""] * len(tracks))
    drawn = []
    for path, label, measure in zip(tracks, names, units, strict=True):
        with BigWig(path) as bigwig:
            chosen = parse_region(region, bigwig.contigs)
            values = bigwig.values(*chosen)
        if np.isnan(values).all():
            say(f"warning: {path} has no values in {region}")
        # One value a pixel.
        drawn.append(PlottedTrack(label, summarise(values, 1500), measure))
    draw_tracks(target, drawn, chosen, title=title, force=force)
    say(f"wrote {target}")


def _labels(option: str, given: list[str] | None, default: list[str]) -> list[str]:
    """Return one label a track."""
    from zooctl.errors import InputError

    if not given:
        return default
    if len(given) != len(default):
        raise InputError(
            "give it once for every track, or not at all",
            field=option,
            got=len(given),
            expected=len(default),
        )
    return given
