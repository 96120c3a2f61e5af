"""`zooctl plot`: a picture of tracks over one region."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.lists import list_regions
from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import AsJson

if TYPE_CHECKING:
    from zooctl.interpret.pictures.browser import PlottedSite, RegionTracks
    from zooctl.interpret.pictures.plots import Values
    from zooctl.sequence.intervals import Interval

_BED = (".bed", ".bed.gz", ".narrowpeak", ".narrowpeak.gz", ".broadpeak", ".broadpeak.gz")


def command(
    tracks: Annotated[list[Path], typer.Argument(metavar="TRACK.bw …", help="bigWig, or BED.")],
    region: Annotated[
        list[str],
        typer.Option(
            callback=list_regions, help="As chr21:30,000,001-31,000,000; several beside each other."
        ),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", help="A .png, .pdf or .svg, or a folder.")
    ],
    title: Annotated[str | None, typer.Option(help="Above the picture.")] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="Name of a track, once a track; else its file's.")
    ] = None,
    unit: Annotated[list[str] | None, typer.Option(help="Unit of a track, once a track.")] = None,
    genes: Annotated[Path | None, typer.Option(help="GTF with genes to draw below.")] = None,
    shared_y: Annotated[
        bool, typer.Option("--shared-y", help="One scale for all tracks, not one each.")
    ] = False,
    width: Annotated[
        float | None, typer.Option(min=30, max=2000, help="Width in mm; default: 180.")
    ] = None,
    height: Annotated[
        float | None, typer.Option(min=20, max=2000, help="Height in mm; default: by the tracks.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing picture.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw bigWig tracks of regions below each other, each on one scale over all regions.

    Lines of BED and peak files are boxes with their names. PNG has 300 dots an inch; text
    in PDF and SVG stays text.
    """
    from zooctl.cli.ui.tables import echo_files
    from zooctl.files.disk.atomic import check_output
    from zooctl.files.disk.names import file_named
    from zooctl.files.intervals.regions import region_stem
    from zooctl.files.intervals.transcripts import read_transcripts
    from zooctl.interpret.options import PICTURES
    from zooctl.interpret.pictures.browser import WIDTH_MM, draw_browser

    target = file_named(output, PICTURES, default=f"{region_stem(region[0])}.png")
    check_output(target, force, inputs=tracks)
    names = _labels("--name", name, [_bare_name(track) for track in tracks])
    units = _labels("--unit", unit, [""] * len(tracks))
    draw_browser(
        target,
        [_read(tracks, one) for one in region],
        names,
        units,
        genes=None if genes is None else read_transcripts(genes),
        shared_y=shared_y,
        width_mm=WIDTH_MM if width is None else width,
        height_mm=height,
        title=title,
        force=force,
    )
    if as_json:
        echo_files([target], as_json)
    else:
        say(f"wrote {target}")


def _is_bed(path: Path) -> bool:
    return path.name.lower().endswith(_BED)


def _bare_name(path: Path) -> str:
    """Return a file's name without the ending of a bigWig or BED file."""
    return path.name.removesuffix(".gz").removesuffix(".bed").removesuffix(".bw")


def _read(tracks: list[Path], region: str) -> RegionTracks:
    """Return the tracks in a region: one value a pixel of a bigWig, the sites of a BED file."""
    from zooctl.interpret.pictures.browser import RegionTracks
    from zooctl.sequence.intervals import parse_region

    signals = {path: _read_signal(path, region) for path in tracks if not _is_bed(path)}
    # Contigs of a BED file are not known: the region then has a start and an end.
    chosen = next((found for found, _ in signals.values()), None) or parse_region(region)
    found = [signals[one][1] if one in signals else _read_sites(one, chosen) for one in tracks]
    return RegionTracks(chosen, found)


def _read_signal(path: Path, region: str) -> tuple[Interval, Values]:
    import numpy as np

    from zooctl.files.bigwig.reader import BigWig
    from zooctl.interpret.pictures.plots import summarise
    from zooctl.sequence.intervals import parse_region

    with BigWig(path) as bigwig:
        chosen = parse_region(region, bigwig.contigs)
        values = bigwig.values(*chosen)
    if np.isnan(values).all():
        say(f"warning: {path} has no values in {region}")
    return chosen, summarise(values, 1500)


def _read_sites(path: Path, region: Interval) -> tuple[PlottedSite, ...]:
    from zooctl.files.intervals.bed import read_bed
    from zooctl.interpret.pictures.browser import sites_over

    found = sites_over(region, read_bed(path))
    if not found:
        say(f"warning: {path} has no lines in {region}")
    return found


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
