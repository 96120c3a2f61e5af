"""The folder that `zooctl filters -o` writes: MEME, a table, JSON, and logos."""

from __future__ import annotations

import json
from pathlib import Path

from zooctl.errors import need
from zooctl.files.motifs import to_meme
from zooctl.interpret.filters.read_filters import ReadFilters
from zooctl.interpret.libraries import LETTERS
from zooctl.interpret.report_folder import make_folder, write_table, write_text

_MEME, _TABLE, _REPORT = "filters.meme", "filters.tsv", "filters.json"
_LOGOS, _WEIGHTS = "logos", "weights"


def check_folder(folder: Path, force: bool) -> None:
    """Make the folder, before any work.

    Raises:
        InputError: It cannot be made, holds filters and ``force`` is not given, or a library is
            missing.
    """
    need(LETTERS, "a picture of filters")
    make_folder(folder, _REPORT, force)


def write_folder(found: ReadFilters, folder: Path, *, force: bool = False) -> None:
    """Write the profiles of filters, their matches, and logos of profiles and of weights.

    Raises:
        InputError: A file cannot be written.
    """
    from zooctl.interpret.pictures.filter_plots import draw_profiles, draw_weights

    report = found.to_json()
    rows = report["profiles"]
    write_table(folder / _TABLE, rows, force)
    motifs = [one.motif for one in found.profiles if one.motif is not None]
    if motifs:
        write_text(folder / _MEME, to_meme(motifs), force)
    captions = [
        f"filter {row['filter']}, {row['sites']:,} sites"
        + (f", q {row['q_value']:.2g}\n{row['match']}" if row["match"] else "")
        for row in rows
        if row["consensus"]
    ]
    if motifs:
        profiles = list(zip(captions, motifs, strict=True))
        draw_profiles(folder / f"{_LOGOS}.png", profiles, force=force)
    draw_weights(folder / f"{_WEIGHTS}.png", found.layer.weights, force=force)
    write_text(folder / _REPORT, json.dumps(report, indent=2) + "\n", force)
