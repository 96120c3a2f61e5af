"""`zooctl trackhub`: tracks for a genome browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson, Force


def command(
    predicted: Annotated[list[Path], typer.Argument(metavar="PREDICTED.bw…", help="In order.")],
    assembly: Annotated[str, typer.Option(help="Genome of the tracks, as hg38.")],
    email: Annotated[str, typer.Option(help="Of whom to ask; the UCSC browser requires one.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the hub.")],
    measured: Annotated[
        list[Path] | None,
        typer.Option(metavar="TRACK.bw", help="Measured track below them; repeat."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Place to open; default: around the highest prediction.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Address that the folder will have, as https://lab.org/hub.")
    ] = None,
    as_json: AsJson = False,
    force: Force = False,
) -> None:
    """Write a UCSC track hub and an IGV session of predicted and measured tracks.

    The folder has copies of the bigWigs, hub.txt for the UCSC browser, and igv.xml, which IGV opens
    from the disk. With --url the address of the browser with the hub is printed.
    """
    from zooctl.cli.ui.tables import echo, echo_json
    from zooctl.files.bigwig.reader import BigWig
    from zooctl.inference.tracks.browser_hub import HubTrack, write_browser_hub
    from zooctl.sequence.intervals import parse_region

    tracks = [HubTrack(path, "predicted") for path in predicted]
    tracks += [HubTrack(path, "measured") for path in measured or ()]
    place = None
    if region is not None:
        with BigWig(predicted[0]) as track:
            place = parse_region(region, track.contigs)
    hub = write_browser_hub(
        output, tracks, assembly=assembly, email=email, region=place, url=url, force=force
    )
    if as_json:
        echo_json({"folder": str(hub.folder), "url": hub.url, "at": hub.position})
    else:
        echo(hub.folder)
        if hub.url is not None:
            echo(hub.url)
