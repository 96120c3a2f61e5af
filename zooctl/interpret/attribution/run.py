"""Importance of bases in regions, from a model to files and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zooctl.errors import InputError, need
from zooctl.files.disk.atomic import check_output
from zooctl.files.disk.names import check_folder_name, file_named
from zooctl.files.intervals.regions import Regions, region_stem
from zooctl.inference.model import OpenModel
from zooctl.interpret.attribution.cross_checks import CrossChecks
from zooctl.interpret.attribution.files import write_bigwig, write_h5, write_npz, write_table
from zooctl.interpret.attribution.regions import (
    RegionAttributions,
    attribute_regions,
    check_regions,
)
from zooctl.interpret.libraries import GRADIENTS, LETTERS, libraries_of
from zooctl.interpret.options import PICTURES, AttributeOptions
from zooctl.progress import Progress, Say, no_progress, silent

_FILES = ("importance.bw", "sequences.npz", "hypothetical.npz", "importance.h5", "regions.tsv")
_ENDINGS = (".bw", ".bigwig", ".h5", *PICTURES)
# Above it, rules or steps do not fit the network.
_LARGEST_DELTA = 0.05


@dataclass(frozen=True, eq=False)
class WrittenAttributions:
    """Importances and the files that hold them.

    Attributes:
        given: The importances.
        paths: The files, in order.
        checks: Cross-checks, where they were asked for.
    """

    given: RegionAttributions
    paths: tuple[Path, ...]
    checks: CrossChecks | None = None

    def to_json(self) -> dict[str, Any]:
        """Return figures of the run for programs."""
        found = self.given.found
        deltas = found.deltas[~np.isnan(found.deltas)]
        return {
            "method": found.method,
            "track": found.track,
            "unit": found.unit,
            "regions": len(self.given.regions),
            "unknown": self.given.unknown,
            "width": int(found.codes.shape[1]),
            "median_delta": float(np.median(deltas)) if len(deltas) else None,
            "checks": None if self.checks is None else self.checks._asdict(),
            "files": [str(path) for path in self.paths],
        }


def write_attributions(
    model: OpenModel,
    regions: Regions,
    output: str,
    options: AttributeOptions,
    *,
    pictures: int = 10,
    check: bool = False,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> WrittenAttributions:
    """Attribute the predictions over regions to their bases, and write the importances.

    Args:
        model: The model.
        regions: The regions.
        output: A .bw or .h5; a .png, .pdf or .svg of one region; or a folder for all of these, for
            the arrays of TF-MoDISco (``.npz``) and for a table.
        options: Method, track, width, shifts and strands.
        pictures: Regions that are drawn into a folder, the first ones.
        check: Compare the first regions with another method and with random weights.
        force: Replace existing files.
        say: Told about the genome, regions left out and contributions that do not add up.
        progress: Opens the progress display.

    Raises:
        InputError: Regions, options, model and output do not fit each other, or a library is
            missing.
    """
    methods = GRADIENTS if check else libraries_of(options.method)
    need((*methods, *_libraries_for(output, pictures)), "attribute")
    check_target(output, force)
    given = attribute_regions(model, regions, options, say=say, progress=progress)
    tell_deltas(given, say)
    checks = None
    if check:
        checks = check_regions(model, given, options, progress=progress)
        say(
            f"checks: Spearman {checks.agreement:.2f} with {checks.other_method}, "
            f"{checks.random_weights:.2f} with random weights"
        )
    paths = write_given(output, model.card.name, given, pictures=pictures, force=force)
    return WrittenAttributions(given, paths, checks)


def check_target(output: str, force: bool) -> None:
    """Refuse an output that is there already, or that no importances can be written to.

    Args:
        output: A .bw or .h5; a .png, .pdf or .svg; or a folder.
        force: Replace existing files.

    Raises:
        InputError: It is.
    """
    if _is_file(output):
        check_output(file_named(output, _ENDINGS), force)
        return
    check_folder_name(output)
    for name in _FILES if Path(output).is_dir() else ():
        check_output(Path(output) / name, force)


def _libraries_for(output: str, pictures: int) -> tuple[str, ...]:
    """Return the libraries that write an output."""
    ending = Path(output).suffix.lower()
    if not _is_file(output):
        return ("h5py", *(LETTERS if pictures else ()))
    return LETTERS if ending in PICTURES else ("h5py",) if ending == ".h5" else ()


def _is_file(output: str) -> bool:
    return Path(output).suffix.lower() in _ENDINGS


def write_given(
    output: str, model: str, given: RegionAttributions, *, pictures: int, force: bool
) -> tuple[Path, ...]:
    """Write importances into a file or a folder, and return the files.

    Args:
        output: As of ``write_attributions``.
        model: Name of the model.
        given: The importances.
        pictures: Regions that are drawn into a folder.
        force: Replace existing files.
    """
    if _is_file(output):
        return _write_file(file_named(output, _ENDINGS), model, given, force)
    return _write_folder(Path(output), model, given, pictures, force)


def tell_deltas(given: RegionAttributions, say: Say) -> None:
    """Say how well contributions add up to the difference from the references."""
    deltas = given.found.deltas
    if np.isnan(deltas).all():
        return
    median = float(np.median(deltas))
    say(f"convergence: contributions miss {median:.2g} of the difference from references (median)")
    if median > _LARGEST_DELTA:
        way = "more --steps" if given.found.method == "integrated_gradients" else "--method ism"
        say(
            f"warning: {given.found.method} does not fit this network well: {median:.0%} of the "
            f"difference is missed; try {way}"
        )


def _write_file(
    target: Path, model: str, given: RegionAttributions, force: bool
) -> tuple[Path, ...]:
    ending = target.suffix.lower()
    if ending == ".h5":
        write_h5(target, given, force=force)
    elif ending in PICTURES:
        if len(given.regions) > 1:
            got = f"{len(given.regions):,} regions"
            raise InputError(
                "a picture is of one region", path=target, got=got, hint="-o importance/"
            )
        draw_region(target, model, given, 0, force=force)
    else:
        write_bigwig(target, given, force=force)
    return (target,)


def _write_folder(
    folder: Path, model: str, given: RegionAttributions, pictures: int, force: bool
) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    bigwig, sequences, contributions, h5, table = (folder / name for name in _FILES)
    write_bigwig(bigwig, given, force=force)
    write_npz(sequences, contributions, given, force)
    write_h5(h5, given, force=force)
    write_table(table, given, force=force)
    drawn = []
    for row, region in enumerate(given.regions[:pictures]):
        target = folder / f"{region_stem(str(region))}.png"
        draw_region(target, model, given, row, force=force)
        drawn.append(target)
    return (bigwig, sequences, contributions, h5, table, *drawn)


def draw_region(
    target: Path, model: str, given: RegionAttributions, row: int, *, force: bool = False
) -> None:
    """Draw the importance of one region's bases as letters.

    Args:
        target: PNG, PDF or SVG, by its ending.
        model: Name of the model.
        given: The importances.
        row: The region's row.
        force: Replace an existing file.
    """
    from zooctl.interpret.pictures.importance import Letters, draw_importance

    found, span = given.found, given.spans[row]
    letters = Letters(found.method, found.codes[row], found.importance[row], span.start)
    title = f"{model}, {found.track}: {given.regions[row]}"
    draw_importance(target, [letters], span.chrom, unit=found.unit, title=title, force=force)
