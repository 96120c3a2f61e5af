"""`zooctl plan`: a large run cut into shards, to be computed anywhere and merged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.commands import attribute as attributing
from zooctl.cli.commands import calibrate as calibrating
from zooctl.cli.commands import score_variants as scoring
from zooctl.cli.ui.lists import split_names
from zooctl.cli.ui.options import (
    AcceptLicence,
    AllowUntrusted,
    AsJson,
    BothStrands,
    Device,
    Force,
    GenomeFile,
    ModelName,
    RegionStrings,
    StoreFolder,
    Threads,
    accept_licences,
    with_records,
)
from zooctl.cli.ui.tables import echo_files
from zooctl.inference.options.predict_and_score import (
    MOST_SHARDS,
    Format,
    InputOptions,
    PredictOptions,
    ScoreOptions,
    SessionOptions,
)
from zooctl.interpret.options import AttributeOptions

if TYPE_CHECKING:
    from zooctl.inference.scale.plan import Plan

app = typer.Typer(
    help="Cut a run into shards, to be computed anywhere and merged to the bytes of one run.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Folder = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        help="Folder of the plan, which is made, or an address such as s3://bucket/plan; for run.",
    ),
]
Shards = Annotated[
    int, typer.Option(min=1, max=MOST_SHARDS, help="Shards, of about equal work each.")
]

# Of the whole output, which `zooctl merge` writes.
_AT_MERGE = dict.fromkeys(("output_type", "report", "resume"))


@app.command("score-variants")
@with_records(
    **scoring.OPTIONS
    | _AT_MERGE
    | {
        "format": Annotated[
            Format | None,
            typer.Option(help="Format of the merged output: vcf, or a table; default: vcf."),
        ]
    }
)
def score_variants(
    vcf: Annotated[str, typer.Argument(help="VCF or BCF, plain, gz or bgzip.")],
    output: Folder,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Names that `zooctl list` shows, by commas or repetition."),
    ] = None,
    shards: Shards = 100,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
    accept_licence: AcceptLicence = False,
    *,
    options: ScoreOptions,
    session: SessionOptions,
) -> None:
    """Plan the scores of a VCF's alleles.

    Shards are stretches of records. One thread computes each, unless --threads says otherwise.
    """
    from dataclasses import replace

    from zooctl.catalog.registry import DEFAULT_MODEL
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.files.vcf.output import form_of_format
    from zooctl.inference.scale.folder import check_new
    from zooctl.inference.scale.jobs.models import Addresses
    from zooctl.inference.scale.jobs.score import ScoreOrder, plan_scores

    check_new(output, options.force)
    models = Addresses(split_names(model) or (DEFAULT_MODEL,), allow_untrusted)
    if accept_licence:
        accept_licences(one.card for one in models.open(session))
    form = form_of_format(options.format or "vcf")
    kept = replace(options, format=None, force=False)
    order = ScoreOrder(vcf, form, kept, session, shards)
    _write(plan_scores(models, order, say=say, progress=progress), output, options.force, as_json)


@app.command("predict")
@with_records()
def predict(
    model: Annotated[
        list[str], typer.Option(help="Names that `zooctl list` shows, by commas or repetition.")
    ],
    output: Folder,
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file, plain or gz.")] = None,
    region: RegionStrings = None,
    shards: Shards = 100,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
    accept_licence: AcceptLicence = False,
    *,
    options: PredictOptions,
    session: SessionOptions,
    inputs: InputOptions,
) -> None:
    """Plan tracks over regions, to be merged into bigWig or bedGraph.

    Shards are stretches of the genome grid. One thread computes each, unless --threads says
    otherwise.
    """
    from dataclasses import replace

    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.inference.scale.folder import check_new
    from zooctl.inference.scale.jobs.models import Addresses
    from zooctl.inference.scale.jobs.tracks import TracksOrder, plan_tracks

    check_new(output, options.force)
    models = Addresses(split_names(model), allow_untrusted)
    if accept_licence:
        accept_licences(one.card for one in models.open(session))
    kept = replace(options, force=False)
    order = TracksOrder(bed, region or (), kept, session, inputs, shards)
    _write(plan_tracks(models, order, say=say, progress=progress), output, options.force, as_json)


@app.command("calibrate")
def calibrate(
    model: ModelName,
    output: Folder,
    background: calibrating.Backgrounds = None,
    kind: calibrating.Kinds = None,
    alleles: calibrating.Alleles = 10_000,
    seed: calibrating.Seed = 1,
    fasta: GenomeFile = None,
    rc: BothStrands = False,
    device: Device = "auto",
    threads: Threads = None,
    store: StoreFolder = None,
    shards: Shards = 100,
    as_json: AsJson = False,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Plan the scores of unselected alleles, to be merged into a background.

    Shards are stretches of the alleles that are drawn. The merge writes a .safetensors for
    score-variants --background.
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.inference.background.calibrate import CalibrateOptions
    from zooctl.inference.scale.folder import check_new
    from zooctl.inference.scale.jobs.background import plan_background
    from zooctl.inference.scale.jobs.models import Addresses

    check_new(output, force)
    options = CalibrateOptions(
        backgrounds=split_names(background) or ("random",),
        kinds=split_names(kind),  # type: ignore[arg-type]
        n_alleles=alleles,
        draw_seed=seed,
        fasta=fasta,
        rc=rc,
        store=store,
    )
    models, session = (
        Addresses([model], allow_untrusted),
        SessionOptions(device=device, threads=threads),
    )
    made = plan_background(models, options, session, shards, say=say, progress=progress)
    _write(made, output, force, as_json)


@app.command("attribute")
@with_records(**attributing.OPTIONS)
def attribute(
    model: ModelName,
    output: Folder,
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file, plain or gz.")] = None,
    region: RegionStrings = None,
    pictures: attributing.Pictures = 10,
    shards: Shards = 100,
    as_json: AsJson = False,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: AttributeOptions,
    session: SessionOptions,
) -> None:
    """Plan the importance of bases in regions, to be merged into files or a folder.

    Shards are stretches of the regions. One thread computes each, unless --threads says otherwise.
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.inference.scale.folder import check_new
    from zooctl.inference.scale.jobs.models import Addresses
    from zooctl.interpret.planned.attribute import AttributeOrder, plan_attributions

    check_new(output, force)
    order = AttributeOrder(bed, region or (), options, pictures, session, shards)
    made = plan_attributions(Addresses([model], allow_untrusted), order, say=say, progress=progress)
    _write(made, output, force, as_json)


def _write(made: Plan, output: str, force: bool, as_json: bool) -> None:
    """Write a plan, and say what it holds."""
    from zooctl.cli.ui.messages import say
    from zooctl.inference.scale.folder import write_plan

    write_plan(made, output, force=force)
    say(f"planned: {len(made.shards):,} shards of {made.work:,} {made.unit}")
    facts = {"shards": len(made.shards), "work": made.work, "unit": made.unit}
    echo_files([output], as_json, **facts)
