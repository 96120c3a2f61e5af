"""`zooctl evaluate`: a model on its held-out chromosomes, beside simpler methods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.options import DeviceChoice

if TYPE_CHECKING:
    from zooctl.catalog.card import Card
    from zooctl.evaluation.evaluate import Report
    from zooctl.evaluation.heldout import Network
    from zooctl.evaluation.material import Material
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
        str | None, typer.Option(help="Track to judge, by name; default: the first.")
    ] = None,
    fasta: Annotated[
        Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the model's card.")
    ] = None,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Draws of megabases for the 95 % intervals.")
    ] = 1000,
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
    from zooctl.cli.progress import progress
    from zooctl.cli.tables import plain

    _need_sklearn()
    from zooctl.evaluation.evaluate import evaluate
    from zooctl.evaluation.heldout import open_network
    from zooctl.evaluation.material import open_material

    entry = registry.entry(model)
    card, recipe = entry.card(), entry.recipe()
    files = _outputs(output, force)
    index = _track_index(card, track)
    network = open_network(entry, index, device.value, threads)
    with open_material(
        card, recipe, index, fasta=fasta, say=lambda text: typer.echo(plain(text), err=True)
    ) as material:
        report = evaluate(
            network, material, recipe.evaluation, n_draws=bootstrap, seed=seed, stage=progress
        )
        recovered = _recover(network, material, report, motif_windows)
    result = report.to_json() | {"motif": _motif_json(recovered)}
    if files is not None:
        _write(files, result, recovered, material.motif, force)
    if as_json:
        typer.echo(json.dumps(result, indent=2, allow_nan=False))
    else:
        _print(report, recovered)


_METRICS = {
    "pearson": "Pearson",
    "spearman": "Spearman",
    "auroc": "AUROC",
    "auprc": "auPRC",
    "mse": "MSE",
    "poisson_nll": "Poisson NLL",
}


@dataclass(frozen=True)
class _Recovered:
    """The motif that predictions hang on, and how it lies on the known one if there is one."""

    motif: Motif
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


def _track_index(card: Card, name: str | None) -> int:
    from zooctl.errors import InputError

    names = [track.name for track in card.tracks]
    if name is not None and name not in names:
        raise InputError("no such track", got=name, expected=", ".join(names))
    return 0 if name is None else names.index(name)


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
    known = material.motif
    return _Recovered(motif, None if known is None else match(motif, known))


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
    files: dict[str, Path],
    result: dict[str, object],
    recovered: _Recovered | None,
    known: Motif | None,
    force: bool,
) -> None:
    """Write the report, and the motif as MEME and as logo above the known one."""
    import json

    from zooctl.files.atomic import atomic_output
    from zooctl.files.motifs import to_meme

    texts = {"evaluation.json": json.dumps(result, indent=2, allow_nan=False) + "\n"}
    if recovered is not None:
        motif = recovered.match.motif if recovered.match else recovered.motif
        texts["motif.meme"] = to_meme([motif])
        _draw(files["motif.png"], motif, known, recovered.match, force)
    for name, text in texts.items():
        with atomic_output(files[name], force=force) as temporary:
            temporary.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {files['evaluation.json'].parent}", err=True)


def _draw(path: Path, motif: Motif, known: Motif | None, found: Match | None, force: bool) -> None:
    """Draw the logo where matplotlib is there; say so where it is not."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        typer.echo("no logo: matplotlib is not installed (zooctl's extra `plot`)", err=True)
        return
    from zooctl.interpret.plots import draw_logos

    logos = [("what the highest predictions hang on", motif, 0)]
    if known is not None and found is not None:
        logos.append((known.name, known, -found.offset))
    draw_logos(path, logos, force=force)


def _print(report: Report, recovered: _Recovered | None) -> None:
    from zooctl.cli.tables import plain, print_fields, print_table

    typer.echo(plain(f"{report.model} on {', '.join(report.regions)}, held out"))
    typer.echo()
    print_table(
        ["method", *_METRICS.values()],
        [
            [
                row.name,
                *(str(row.metrics[name]) if name in row.metrics else "-" for name in _METRICS),
            ]
            for row in report.rows
            if row.note is None
        ],
    )
    for row in report.rows:
        if row.note is not None:
            typer.echo(plain(f"{row.name}  {row.note}"))
    typer.echo()
    print_fields([*_fields(report), *([("motif", _motif_text(recovered))] if recovered else [])])


def _fields(report: Report) -> list[tuple[str, str]]:
    """Return what stands below the table."""
    rules, robustness = report.rules, report.robustness
    fields = [
        (
            "bins",
            f"{report.n_bins:,} of {rules.bin_size} bp"
            + (f"; {report.n_excluded:,} of unknown sequence left out" * bool(report.n_excluded)),
        ),
        (
            "strong bins",
            f"{report.n_strong:,}, a prevalence of {report.prevalence:.4f}; signal >= "
            f"{rules.positive_min_signal:g} and control < {rules.positive_max_control:g}",
        ),
        ("intervals", f"95 %, from {report.draws:,} draws of {rules.block_length:,} bp blocks"),
        (f"Pearson at {report.fine_size} bp", str(report.fine_pearson)),
        (
            "variation score",
            f"{robustness.value:.4f} over {robustness.n_shifts} shifts at {robustness.n_peaks} "
            "peaks; lower is more robust",
        ),
    ]
    ranked = [row for row in report.baselines if "auroc" in row.behind]
    if ranked:
        best = max(ranked, key=lambda row: row.metrics["auroc"].value)
        fields.append(("ahead in AUROC", f"{best.behind['auroc']} of {best.name}"))
    return fields


def _motif_text(recovered: _Recovered) -> str:
    motif, found = recovered.motif, recovered.match
    bits = f"{motif.information().sum():.1f} bits"
    if found is None:
        return f"{motif.consensus}, {bits}"
    return (
        f"{found.motif.consensus}, {bits}; similarity {found.similarity:.3f} to {found.known} "
        f"over {found.overlap} columns"
    )
