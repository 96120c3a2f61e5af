"""The folder that `zooctl motifs -o` writes: MEME, HDF5, JSON, and a report with logos."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path

from zooctl.errors import need
from zooctl.files.motifs import to_meme
from zooctl.interpret.discovery.discover import DiscoveredMotifs
from zooctl.interpret.libraries import LETTERS, PATTERNS, SEARCH, libraries_of
from zooctl.interpret.options import DiscoverOptions
from zooctl.interpret.report_folder import make_folder, write_text

_REPORT = "motifs.json"
_STYLE = (
    "body{font:14px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}"
    "td,th{border-bottom:1px solid #ccc;padding:.4em .8em;text-align:left;vertical-align:top}"
    "img{width:24em}"
)


def check_folder(folder: Path, options: DiscoverOptions, force: bool) -> None:
    """Make the folder, before any work.

    Raises:
        InputError: It cannot be made, holds motifs and ``force`` is not given, or a library is
            missing.
    """
    search = () if options.motifs is None else SEARCH
    libraries = (*libraries_of(options.method), *PATTERNS, *search, *LETTERS)
    need(libraries, "discovering motifs")
    make_folder(folder, _REPORT, force)


def write_folder(made: DiscoveredMotifs, folder: Path, *, force: bool = False) -> None:
    """Write patterns as MEME, in modisco-lite's HDF5 and as JSON, and a report of one HTML file.

    Raises:
        InputError: A file cannot be written.
    """
    from zooctl.interpret.pictures.filter_plots import draw_weights
    from zooctl.interpret.pictures.plots import draw_logos

    patterns = made.found.patterns
    write_text(folder / "motifs.meme", to_meme([one.motif for one in patterns]), force)
    made.found.write_h5(folder / "modisco.h5", force=force)
    logos = []
    for number, one in enumerate(patterns):
        cwm, pfm = (folder / f"{one.name}.{kind}.png" for kind in ("contributions", "logo"))
        draw_weights(cwm, one.contributions[one.core].T[None], centre=False, force=force)
        draw_logos(pfm, [(f"pattern {number}", one.motif, 0)], force=force)
        logos.append((cwm, pfm))
    write_text(folder / "report.html", _html(made, logos), force)
    write_text(folder / _REPORT, json.dumps(made.to_json(), indent=2) + "\n", force)


def _html(made: DiscoveredMotifs, logos: list[tuple[Path, Path]]) -> str:
    """Return the report: a row for each pattern, its pictures inside of the page."""
    report = made.to_json()
    title = f"Motifs of {report['model']}, {report['track']}"
    rows = []
    for pattern, pictures in zip(report["patterns"], logos, strict=True):
        images = "".join(f"<td>{_image(picture)}</td>" for picture in pictures)
        known = "<br>".join(
            escape(f"{match['known']} ({match['strand']}), q = {match['q_value']:.2g}")
            for match in pattern["matches"]
        )
        rows.append(
            f"<tr><td>{escape(pattern['name'])}<br>{pattern['seqlets']:,} stretches</td>"
            f"{images}<td>{known or '-'}</td></tr>"
        )
    heads = ("pattern", "mean contributions", "frequencies", "known motifs, by Tomtom")
    head = "".join(f"<th>{name}</th>" for name in heads)
    text = (
        f"{report['method']} over {report['regions']:,} regions; patterns of TF-MoDISco "
        "(Shrikumar et al. 2018, arXiv:1811.00416), by modisco-lite."
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1><p>{escape(text)}</p>"
        f"<table><tr>{head}</tr>{''.join(rows)}</table></body></html>\n"
    )


def _image(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    return f'<img alt="{escape(path.stem)}" src="data:image/png;base64,{content}">'
