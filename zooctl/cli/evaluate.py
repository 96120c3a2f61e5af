"""`zooctl evaluate`: a model on its held-out chromosomes, beside simpler methods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.options import DeviceChoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zooctl.catalog.card import Card
    from zooctl.evaluation.heldout import Network
    from zooctl.evaluation.material import Material, Wanted
    from zooctl.evaluation.report import Report
    from zooctl.files.motifs import Motif
    from zooctl.interpret.match import Match


def command(
    model: Annotated[str, typer.Argument(help="A name that `zooctl list` shows.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder for the report, and the motif as logo and MEME."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    track: Annotated[
        list[str] | None,
        typer.Option(help="Track to judge, by name; may be given several times; default: all."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Entry whose recipe names the data; default: as the card says."),
    ] = None,
    resolution: Annotated[
        str | None,
        typer.Option(help="Bin sizes in bp, as 32,128,512; multiples of the model's own."),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(help="Test sets where a profile reaches such signal, as 2,5,10."),
    ] = None,
    fasta: Annotated[
        Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the model's card.")
    ] = None,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Draws of megabases for the 95 % intervals.")
    ] = 1000,
    shifts: Annotated[
        int, typer.Option(min=0, help="Windows to a peak for the variation score; 0 for none.")
    ] = 20,
    motif_windows: Annotated[
        int, typer.Option(min=0, max=100, help="Highest predictions to read the motif from.")
    ] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws and of the shifts.")] = 0,
    device: Annotated[
        DeviceChoice, typer.Option(help="auto takes a working CUDA device, else the CPU.")
    ] = DeviceChoice.auto,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: all there are.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing report.")] = False,
) -> None:
    """Judge a model where it was not trained, beside what simpler methods reach there.

    Needs the extra `train` (scikit-learn and SciPy).
    """
    import json

    from zooctl.catalog import registry
    from zooctl.cli.number_lists import bin_sizes, numbers
    from zooctl.cli.progress import progress
    from zooctl.cli.runs import say

    _need_sklearn()
    from zooctl.evaluation.evaluate import Options, evaluate
    from zooctl.evaluation.heldout import open_network
    from zooctl.evaluation.material import open_material

    entry = registry.entry(model)
    card = entry.card()
    source = data or card.evaluated_on or entry.name
    recipe = registry.entry(source).recipe()
    files = _outputs(output, force)
    wanted = _wanted(card, track)
    options = Options(
        resolutions=tuple(bin_sizes(resolution)) if resolution else (),
        thresholds=tuple(numbers(threshold, "--threshold")) if threshold else None,
        n_draws=bootstrap,
        n_shifts=shifts,
        seed=seed,
    )
    network = open_network(entry, [track.index for track in wanted], device.value, threads)
    with open_material(wanted, recipe, fasta=fasta, say=say) as material:
        report = evaluate(
            network, material, recipe.evaluation, options, data=source, stage=progress
        )
        recovered = _recover(network, material, report, motif_windows)
    result = report.to_json() | {"motif": _motif_json(recovered)}
    if files is not None:
        _write(files, result, recovered, force)
    if as_json:
        typer.echo(json.dumps(result, indent=2, allow_nan=False))
    else:
        _print(report, recovered)


@dataclass(frozen=True)
class _Recovered:
    """The motif that predictions hang on, and how it lies on the known one if there is one."""

    motif: Motif
    known: Motif | None
    match: Match | None


def _need_sklearn() -> None:
    """Say what to install where the metrics are missing."""
    from importlib.util import find_spec

    from zooctl.errors import InputError

    if find_spec("sklearn") is None:
        raise InputError(
            "evaluate needs scikit-learn, which is not installed",
            hint="pip install scikit-learn (zooctl's extra `train`)",
        )


def _wanted(card: Card, names: Sequence[str] | None) -> list[Wanted]:
    """Return the tracks to judge."""
    from zooctl.errors import InputError
    from zooctl.evaluation.material import Wanted

    known = [track.name for track in card.tracks]
    for name in names or ():
        if name not in known:
            raise InputError("no such track", got=name, expected=", ".join(known))
    return [
        Wanted(index, track.name, track.assay, track.target)
        for index, track in enumerate(card.tracks)
        if not names or track.name in names
    ]


def _outputs(folder: Path | None, force: bool) -> dict[str, Path] | None:
    """Return what will be written into a folder, proved to be writable."""
    from zooctl.errors import InputError
    from zooctl.files.atomic import check_output

    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("not a folder that can be made", path=folder, got=error.strerror) from None
    files = {name: folder / name for name in ("evaluation.json", "motif.meme", "motif.png")}
    for path in files.values():
        check_output(path, force)
    return files


def _recover(
    network: Network, material: Material, report: Report, n_windows: int
) -> _Recovered | None:
    """Read the motif that the model's highest predictions hang on, and lay it on the known one."""
    import numpy as np

    from zooctl.cli.progress import progress
    from zooctl.interpret.match import match
    from zooctl.interpret.mutagenesis import recover_motif

    tops = report.tops[:n_windows]
    if not tops:
        return None
    length = network.geometry.input_length
    codes = [
        material.genome.padded_codes(chrom, place - length // 2, place - length // 2 + length)
        for chrom, place in tops
    ]
    with progress(len(tops), "windows", "changing bases") as advance:
        motif = recover_motif(network.centre_value, np.stack(codes), advance=advance)
    known = material.motifs.get(material.wanted[0].target or "")
    return _Recovered(motif, known, None if known is None else match(motif, known))


def _motif_json(recovered: _Recovered | None) -> dict[str, object] | None:
    if recovered is None:
        return None
    motif, found = recovered.motif, recovered.match
    return {
        "consensus": motif.consensus if found is None else found.motif.consensus,
        "bits": float(motif.information().sum()),
        "sites": int(motif.counts.sum(axis=1).max()),
        "known": None
        if found is None
        else {
            "name": found.known,
            "similarity": found.similarity,
            "offset": found.offset,
            "overlap": found.overlap,
        },
    }


def _write(
    files: dict[str, Path], result: dict[str, object], recovered: _Recovered | None, force: bool
) -> None:
    """Write the report, and the motif as MEME and as logo above the known one."""
    import json

    from zooctl.files.atomic import atomic_output
    from zooctl.files.motifs import to_meme

    texts = {"evaluation.json": json.dumps(result, indent=2, allow_nan=False) + "\n"}
    if recovered is not None:
        motif = recovered.match.motif if recovered.match else recovered.motif
        texts["motif.meme"] = to_meme([motif])
        _draw(files["motif.png"], recovered, force)
    for name, text in texts.items():
        with atomic_output(files[name], force=force) as temporary:
            temporary.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {files['evaluation.json'].parent}", err=True)


def _draw(path: Path, recovered: _Recovered, force: bool) -> None:
    """Draw the logo where matplotlib is there; say so where it is not."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        typer.echo("no logo: matplotlib is not installed (zooctl's extra `plot`)", err=True)
        return
    from zooctl.interpret.plots import draw_logos

    found = recovered.match
    motif = found.motif if found else recovered.motif
    logos = [("what the highest predictions hang on", motif, 0)]
    if recovered.known is not None and found is not None:
        logos.append((recovered.known.name, recovered.known, -found.offset))
    draw_logos(path, logos, force=force)


def _print(report: Report, recovered: _Recovered | None) -> None:
    from zooctl.cli.tables import plain, print_fields, print_table
    from zooctl.evaluation import tables

    data = f", data of {report.data}" * (report.data != report.model)
    typer.echo(plain(f"{report.model} on {', '.join(report.regions)}, held out{data}"))
    if report.mean:
        typer.echo(f"mean over {len(report.tracks)} tracks")
    typer.echo()
    several = len(report.tracks) > 1
    first = tables.methods(report.rows)
    grids = [first, tables.by_track(report) if several else tables.resolutions(report.tracks[0])]
    for grid in grids:
        if grid.title:
            typer.echo(f"\n{grid.title}")
        print_table(grid.headers, grid.rows)
    for row in report.tracks[0].rows:
        if row.note is not None:
            typer.echo(plain(f"{row.name}  {row.note}"))
    typer.echo()
    fields = [("strong is", tables.strong_text(report))]
    fields += [] if several else tables.fields(report, report.tracks[0])
    if report.robustness is not None:
        fields.append(("variation score", _robustness_text(report)))
    if recovered is not None:
        fields.append(("motif", _motif_text(recovered)))
    print_fields(fields)


def _robustness_text(report: Report) -> str:
    found = report.robustness
    assert found is not None
    return (
        f"{found.value:.4f} over {found.n_shifts} shifts at {found.n_peaks} peaks; "
        "lower is more robust"
    )


def _motif_text(recovered: _Recovered) -> str:
    motif, found = recovered.motif, recovered.match
    bits = f"{motif.information().sum():.1f} bits"
    if found is None:
        return f"{motif.consensus}, {bits}"
    return (
        f"{found.motif.consensus}, {bits}; similarity {found.similarity:.3f} to {found.known} "
        f"over {found.overlap} columns"
    )
