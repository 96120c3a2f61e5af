"""The folder that `zooctl marginalise -o` writes: figures as JSON and tables, and pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zooctl.errors import need
from zooctl.interpret.interventions.draw import draw_pictures
from zooctl.interpret.interventions.marginalise import Marginalisation
from zooctl.interpret.report_folder import make_folder, write_table, write_text

_EFFECT = ("mean", "low", "high", "sd", "n")
REPORT = "marginalise.json"


def check_folder(folder: Path, force: bool) -> None:
    """Make the folder of a report, before any work.

    Raises:
        InputError: It cannot be made, holds a report and ``force`` is not given, or matplotlib is
            not installed.
    """
    need("matplotlib", "drawing pictures")
    make_folder(folder, REPORT, force)


def write_folder(found: Marginalisation, folder: Path, *, force: bool = False) -> None:
    """Write the figures and the pictures of an experiment.

    Raises:
        InputError: A file cannot be written.
    """
    for name, rows in tables_of(found.to_json()).items():
        write_table(folder / f"{name}.tsv", rows, force)
    draw_pictures(found, folder, force=force)
    write_text(folder / REPORT, json.dumps(found.to_json(), indent=2) + "\n", force)


def tables_of(report: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of a report: rows of cells by column, by the table's name.

    Args:
        report: As of ``Marginalisation.to_json``.
    """
    return {name: rows for name, rows in _tables(report) if rows}


def _tables(report: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    patterns = [report[name] for name in ("pattern", "second") if name in report]
    kinds = ("effect", "reverse_effect", "orientation")
    yield (
        "effects",
        [
            {"pattern": one["name"], "of": kind, **_effect(one[kind])}
            for one in patterns
            for kind in kinds
        ],
    )
    yield "flanks", list(report.get("flanks", []))
    yield (
        "spacing",
        [
            {
                "distance": pair["distance"],
                "orientation": pair["orientation"],
                **{
                    f"{name}_{part}": pair[name][part]
                    for name in ("both", "second", "cooperativity")
                    for part in ("mean", "low", "high")
                },
            }
            for pair in report.get("pairs", [])
        ],
    )
    yield (
        "occlusion",
        [
            {"sites": one["sites"], "occluded": one["occluded"], "left": one["left"]}
            | _effect(one["effect"])
            for one in report.get("occlusions", [])
        ],
    )


def _effect(effect: Mapping[str, Any]) -> dict[str, Any]:
    return {name: effect[name] for name in _EFFECT}
