"""`zooctl calibrate`: the background that percentiles of variant scores are within."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.lists import split_names
from zooctl.cli.ui.options import (
    AllowUntrusted,
    AsJson,
    BothStrands,
    Device,
    Force,
    GenomeFile,
    ModelName,
    StoreFolder,
    Threads,
)
from zooctl.inference.options.predict_and_score import LARGEST_SEED

Backgrounds = Annotated[
    list[str] | None,
    typer.Option(
        help="random, shuffled, or a VCF of unselected alleles; several by commas or "
        "repetition; default: random."
    ),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(help="Kinds at random places, as snv,ins_1,del_2_5; default: all."),
]
Alleles = Annotated[
    int,
    typer.Option(
        min=1000,
        max=1_000_000,
        help="SNVs of a source; each other kind has a tenth, at least 1,000.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the alleles.")]


def command(
    model: ModelName,
    background: Backgrounds = None,
    kind: Kinds = None,
    alleles: Alleles = 10_000,
    seed: Seed = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A .safetensors for score-variants --background; default: the model's own, which "
            "its manifest then pins.",
        ),
    ] = None,
    fasta: GenomeFile = None,
    rc: BothStrands = False,
    device: Device = "auto",
    threads: Threads = None,
    store: StoreFolder = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
) -> None:
    """Score unselected alleles, so that scores get percentiles among them."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json, print_fields
    from zooctl.inference.background.calibrate import CalibrateOptions, save_background
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    options = CalibrateOptions(
        backgrounds=split_names(background) or ("random",),
        kinds=split_names(kind),  # type: ignore[arg-type]
        n_alleles=alleles,
        draw_seed=seed,
        fasta=fasta,
        rc=rc,
        store=store,
    )
    opened = OpenModel(entry, SessionOptions(device=device, threads=threads))
    made, path = save_background(opened, options, output, force=force, say=say, progress=progress)
    if as_json:
        echo_json({"background": str(path), "alleles": made.counts()})
        return
    print_fields([(name, f"{n:,} alleles") for name, n in made.counts().items()])
    echo(path)
