"""Track hub and sessions of genome browsers for predicted and measured tracks.

A hub is a folder for a web server: ``hub.txt`` with all stanzas in one file (UCSC's
``useOneFile``), the bigWigs beside it, and ``igv.xml``, a session that IGV opens from the disk.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode
from xml.sax.saxutils import quoteattr

import numpy as np

from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.disk.atomic import work_folder
from zooctl.sequence.intervals import Interval

# Predicted and measured; of Okabe and Ito's palette, which colour-blind people tell apart.
_COLOURS = {"predicted": (0, 114, 178), "measured": (213, 94, 0)}
HUB, IGV = "hub.txt", "igv.xml"
_BROWSER = "https://genome.ucsc.edu/cgi-bin/hgTracks"
# Longest label that the browser draws at the left of a track.
_SHORT = 17


@dataclass(frozen=True)
class HubTrack:
    """A track of a hub.

    Attributes:
        path: The bigWig.
        kind: ``predicted`` or ``measured``.
    """

    path: Path
    kind: str

    @property
    def label(self) -> str:
        """Name for the reader."""
        return f"{self.path.stem} ({self.kind})"


@dataclass(frozen=True)
class BrowserHub:
    """A written hub.

    Attributes:
        folder: Its files.
        url: Address of the browser with the hub; None where the hub has no address yet.
        position: Place that the browser opens, 1-based.
    """

    folder: Path
    url: str | None
    position: str


def write_browser_hub(
    folder: Path,
    tracks: Sequence[HubTrack],
    *,
    assembly: str,
    email: str,
    region: Interval | None = None,
    url: str | None = None,
    force: bool = False,
) -> BrowserHub:
    """Write a hub of bigWigs, whole or not at all.

    Args:
        folder: The hub.
        tracks: In the browser's order.
        assembly: UCSC's name of the genome, such as ``hg38``.
        email: Of the person to ask about the hub; the browser requires one.
        region: Place to open; the highest value of the first track if None.
        url: Address that the folder will have on the web.
        force: Replace an existing hub.

    Raises:
        InputError: A file is no bigWig, two have one name, or none lies at the region.
    """
    names = [one.path.name for one in tracks]
    for name in names:
        if names.count(name) > 1:
            raise InputError("two tracks have one file name", got=name)
    place = _highest(tracks[0].path) if region is None else region
    for one in tracks:
        with BigWig(one.path) as track:
            if place.chrom not in track.contigs:
                raise InputError("track has no such contig", path=one.path, got=place.chrom)
    position = f"{place.chrom}:{place.start + 1}-{place.end}"
    _check_free(folder, force)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with work_folder(folder.parent) as work:
        made = work / "hub"
        made.mkdir()
        for one in tracks:
            shutil.copyfile(one.path, made / one.path.name)
        (made / HUB).write_text(hub_text(tracks, assembly, email, position), encoding="utf-8")
        (made / IGV).write_text(igv_text(tracks, assembly, position), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    link = None
    if url is not None:
        hub = f"{url.rstrip('/')}/{HUB}"
        link = f"{_BROWSER}?{urlencode({'db': assembly, 'hubUrl': hub, 'position': position})}"
    return BrowserHub(folder, link, position)


def _check_free(folder: Path, force: bool) -> None:
    """Refuse a folder that is in the way; one that holds no hub is never replaced."""
    if not folder.exists():
        return
    if not (folder / HUB).is_file():
        raise InputError("folder is not empty and no hub", path=folder)
    if not force:
        raise InputError("hub exists", path=folder, hint="--force replaces it")


def hub_text(tracks: Sequence[HubTrack], assembly: str, email: str, position: str) -> str:
    """Return the stanzas of a hub: the hub, its genome, and each track."""
    stanzas = [
        {
            "hub": "zooctl",
            "shortLabel": "zooctl",
            "longLabel": "Predicted and measured tracks",
            "useOneFile": "on",
            "email": email,
        },
        {"genome": assembly, "defaultPos": position},
    ]
    for number, one in enumerate(tracks, 1):
        colour = ",".join(map(str, _COLOURS[one.kind]))
        stanzas.append(
            {
                "track": re.sub(r"[^A-Za-z0-9_]", "_", f"zooctl_{number}_{one.path.stem}"),
                "type": "bigWig",
                "bigDataUrl": quote(one.path.name),
                "shortLabel": one.path.stem[:_SHORT],
                "longLabel": one.label,
                "visibility": "full",
                "autoScale": "on",
                "color": colour,
                "priority": str(number),
            }
        )
    return (
        "\n\n".join(
            "\n".join(f"{key} {value}" for key, value in stanza.items()) for stanza in stanzas
        )
        + "\n"
    )


def igv_text(tracks: Sequence[HubTrack], assembly: str, position: str) -> str:
    """Return a session of IGV, whose files lie beside it."""
    files = [f'    <Resource path={quoteattr(one.path.name)} type="bw"/>' for one in tracks]
    drawn = [
        f"    <Track id={quoteattr(one.path.name)} name={quoteattr(one.label)} "
        f'color="{",".join(map(str, _COLOURS[one.kind]))}" autoScale="true"/>'
        for one in tracks
    ]
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
        f'<Session genome={quoteattr(assembly)} locus={quoteattr(position)} version="8">',
        "  <Resources>",
        *files,
        "  </Resources>",
        '  <Panel name="DataPanel">',
        *drawn,
        "  </Panel>",
        "</Session>",
    ]
    return "\n".join(lines) + "\n"


_STEP = 1 << 22
_AROUND = 25_000


def _highest(path: Path) -> Interval:
    """Return the surroundings of the highest base of a track."""
    best: tuple[float, str, int] | None = None
    with BigWig(path) as track:
        for chrom, length in track.contigs.items():
            for low in range(0, length, _STEP):
                values = track.values(chrom, low, min(low + _STEP, length))
                if np.isnan(values).all():
                    continue
                place = int(np.nanargmax(values))
                if best is None or values[place] > best[0]:
                    best = float(values[place]), chrom, low + place
        if best is None:
            raise InputError("track has no value", path=path)
        _, chrom, place = best
        return Interval(chrom, max(0, place - _AROUND), min(track.contigs[chrom], place + _AROUND))
