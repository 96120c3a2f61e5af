"""Files of designed sequences: the windows as FASTA, and a picture of the steps."""

from __future__ import annotations

from pathlib import Path

from zooctl.errors import need
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.intervals.regions import region_stem
from zooctl.interpret.design.design import Designs
from zooctl.interpret.options import PICTURES, DesignOptions

_FASTA = (".fa", ".fasta")


def design_files(output: str, model: str, options: DesignOptions, force: bool) -> list[Path]:
    """Return the files of designs, before any work.

    Args:
        output: A .fa or .fasta; a .png, .pdf or .svg; or a folder for FASTA and picture.
        model: Name of the model.
        options: Options of the design; a folder's files have the name of the region.
        force: Whether existing files are replaced.

    Raises:
        InputError: The output is of another kind, a file exists and ``force`` is not given, or
            matplotlib is missing for a picture.

    >>> design_files("a.fa", "ctcf_gm12878", DesignOptions(), False)
    [PosixPath('a.fa')]
    """
    stem = region_stem(options.region) if options.region else "designed"
    base = f"{stem}.{model}"
    target = file_named(output, (*_FASTA, *PICTURES), default=f"{base}.fa")
    targets = [target]
    if output != str(target):
        targets.append(target.with_name(f"{base}.png"))
    for path in targets:
        check_output(path, force)
    if targets[-1].suffix.lower() in PICTURES:
        need("matplotlib", "a picture of designs")
    return targets


def write_designs(made: Designs, targets: list[Path], *, force: bool = False) -> None:
    """Write designed sequences to the files that ``design_files`` named.

    Args:
        made: The sequences.
        targets: FASTA or pictures, by their endings.
        force: Replace existing files.

    Raises:
        InputError: A file can't be written.
    """
    for path in targets:
        if path.suffix.lower() in PICTURES:
            _draw(made, path, force)
            continue
        with atomic_output(path, force=force) as temporary:
            temporary.write_text(made.to_fasta())


def _draw(made: Designs, path: Path, force: bool) -> None:
    from zooctl.interpret.pictures.design_plot import MOST_DRAWN, DrawnDesign, draw_designs

    first, last = made.span
    drawn = [
        DrawnDesign(f"design_{number}", one.start[first:last], one.codes[first:last], one.values)
        for number, one in enumerate(made.designs)
    ]
    target = made.target if made.target in ("high", "low") else f"near {made.target}"
    title = f"{made.model}, {made.track}: designed to be {target}"
    if len(drawn) > MOST_DRAWN:
        title += f", {MOST_DRAWN} of {len(drawn):,}"
    draw_designs(path, drawn, first, label=made.unit, title=title, force=force)
