"""`zooctl evaluate-variants`: predicted effects of SNVs beside measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import (
    MOST_DRAWS,
    AsJson,
    BothStrands,
    Device,
    GenomeFile,
    Threads,
    Tracks,
)
from zooctl.inference.options.predict_and_score import LARGEST_SEED, LONGEST_SHIFT, MOST_SHIFTS

if TYPE_CHECKING:
    from zooctl.evaluation.variants.compare_effects import ElementReport


def command(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows.")],
    table: Annotated[
        Path,
        typer.Argument(
            help="Tab-separated: chrom, pos, ref, alt, value; and n, element, assembly if known."
        ),
    ],
    constructs: Annotated[
        bool,
        typer.Option(
            "--constructs",
            help="Elements are read alone, sequence from REF, windows kept inside.",
        ),
    ] = False,
    track: Tracks = None,
    min_n: Annotated[
        float,
        typer.Option(min=0, max=1e9, help="Fewest observations of a SNV, where the table says n."),
    ] = 10,
    fasta: GenomeFile = None,
    shifts: Annotated[
        int, typer.Option(min=2, max=MOST_SHIFTS, help="Windows to average over.")
    ] = 20,
    max_shift: Annotated[
        int | None,
        typer.Option(
            min=1, max=LONGEST_SHIFT, help="Largest shift in bp; default: by the model's core."
        ),
    ] = None,
    even: Annotated[
        bool, typer.Option("--even", help="Shifts at even distances, instead of drawn ones.")
    ] = False,
    rc: BothStrands = False,
    bootstrap: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_DRAWS, help="Draws of stretches of 10 bp for the 95 % intervals."
        ),
    ] = 1000,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the shifts and the draws.")
    ] = 0,
    as_json: AsJson = False,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Compare scores of SNVs with measured effects, in one pass and over shifts.

    The table is a saturation mutagenesis as Kircher 2019 published it, or one like it; each element
    is compared by itself. Needs the extra `train` (scikit-learn and SciPy).
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.errors import need

    need("sklearn", "evaluate-variants")
    from zooctl.evaluation.variants.run import evaluate_variants
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions

    found = evaluate_variants(
        OpenModel(registry.entry(model), SessionOptions(device=device, threads=threads)),
        table,
        constructs=constructs,
        tracks=track or (),
        min_n=min_n,
        fasta=fasta,
        n_shifts=shifts,
        max_shift=max_shift,
        even=even,
        rc=rc,
        n_draws=bootstrap,
        seed=seed,
        say=say,
        progress=progress,
    )
    if as_json:
        import json

        document = {"model": model, **found.to_json()}
        typer.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        _print(found.reports)


def _print(reports: Sequence[ElementReport]) -> None:
    from zooctl.cli.ui.tables import print_table

    several = len({report.track for report in reports}) > 1
    headers = ["element", "SNVs", "Pearson, one pass", "over shifts", "gain"]
    headers += ["Spearman, one pass", "over shifts", "gain", "Pearson of GC"]
    rows = []
    for report in reports:
        figures = [
            figure
            for found in (report.pearson, report.spearman)
            for figure in (found.single, found.robust, found.gain)
        ]
        cells = [report.element, f"{report.n:,}", *map(str, figures), str(report.gc)]
        rows.append([report.track, *cells] if several else cells)
    print_table(["track", *headers] if several else headers, rows)
