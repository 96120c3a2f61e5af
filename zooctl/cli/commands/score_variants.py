"""`zooctl score-variants`: the effect of every allele of a VCF on the tracks of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zooctl.cli.ui.lists import split_names
from zooctl.cli.ui.options import (
    AcceptLicence,
    AllowUntrusted,
    AsJson,
    Workers,
    accept_licences,
    with_records,
)
from zooctl.cli.ui.tables import echo, echo_json
from zooctl.inference.options.predict_and_score import (
    MOST_TOP,
    CheckRef,
    Format,
    InputOptions,
    Null,
    OutputType,
    ScoreOptions,
    SessionOptions,
)

if TYPE_CHECKING:
    from zooctl.inference.scale.jobs.models import Addresses
    from zooctl.inference.vcf.report import ScoredVcf

OPTIONS: dict[str, Any] = {
    "check_ref": Annotated[
        CheckRef,
        typer.Option(help="Alleles whose REF the genome lacks; swap scores where it has ALT."),
    ],
    "chrom_map": Annotated[
        str | None,
        typer.Option(help="auto, or a file that maps contig names of the VCF to the genome's."),
    ],
    "genes": Annotated[
        Path | None,
        typer.Option(
            help="GTF: models of the transcribed strand score on the strand of each gene."
        ),
    ],
    "masked": Annotated[
        bool,
        typer.Option(
            "--masked", help="In genes: no gains at annotated ends of exons, no losses elsewhere."
        ),
    ],
    "spliceai_field": Annotated[
        bool,
        typer.Option("--spliceai-field", help="Also write the INFO field that SpliceAI writes."),
    ],
    "haplotypes": Annotated[
        bool,
        typer.Option(
            "--haplotypes", help="Also score the haplotypes of samples, phased changes together."
        ),
    ],
    "strict": Annotated[
        bool, typer.Option("--strict", help="Refuse a VCF with an allele that cannot be scored.")
    ],
    "max_skipped": Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Largest share of alleles that may disagree with the genome."
        ),
    ],
    "background": Annotated[
        str | None,
        typer.Option(
            help="File of zooctl calibrate for percentiles, or none; default: the model's own."
        ),
    ],
    "null": Annotated[
        Null, typer.Option(help="Part of the background that percentiles are within.")
    ],
    "min_pct": Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Keep only records, or rows, with a percentile of at least this."
        ),
    ],
    "top": Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_TOP,
            help="Keep only so many records, or rows, of the highest percentiles.",
        ),
    ],
    "regions_file": Annotated[
        Path | None,
        typer.Option("-R", "--regions-file", help="Score only records whose REF overlaps these."),
    ],
    "targets_file": Annotated[
        Path | None,
        typer.Option("-T", "--targets-file", help="Score only records whose POS lies in these."),
    ],
    "format": Annotated[
        Format | None, typer.Option(help="Format of stdout (-o -); of files the ending says it.")
    ],
    "output_type": Annotated[
        OutputType | None,
        typer.Option(
            "-O",
            "--output-type",
            help="Of -o -: v VCF, z bgzipped, u uncompressed BCF, b BCF, as of bcftools.",
        ),
    ],
    "report": Annotated[Path | None, typer.Option(help="Write the counts of statuses as JSON.")],
    "overwrite": Annotated[
        bool,
        typer.Option("--overwrite-annotations", help="Replace existing scores of these models."),
    ],
    "resume": Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")],
}
"""Field of ``ScoreOptions`` to its option, but for those of several commands."""


@with_records(**OPTIONS)
def command(
    vcf: Annotated[str, typer.Argument(help="VCF or BCF, plain, gz or bgzip; - for stdin.")],
    model: Annotated[
        list[str] | None,
        typer.Option(help="Names that `zooctl list` shows, by commas or repetition."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="A .vcf.gz, .vcf, .bcf, .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet, a folder, "
            "or - for stdout; default: <vcf>.<model>.vcf.gz here.",
        ),
    ] = None,
    workers: Workers = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print counts, windows and time; write nothing.")
    ] = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
    accept_licence: AcceptLicence = False,
    *,
    options: ScoreOptions,
    session: SessionOptions,
    inputs: InputOptions,
) -> None:
    """Score every allele of a VCF: the change that it makes to the models' predictions.

    The output has the records of the input, in order, each allele with its scores or the reason why
    it has none.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.score_report import check_stdout, print_estimate, say_done
    from zooctl.errors import InputError
    from zooctl.inference.scale.jobs.models import Addresses
    from zooctl.inference.vcf.run import estimate_file, score_file

    check_stdout(output, as_json)
    is_default = not model
    if not model:
        model = [registry.DEFAULT_MODEL]
        say(f"model: {model[0]}, the default; zooctl benchmark compares others")
    names = Addresses(split_names(model), allow_untrusted)
    models = names.open(session, inputs)
    if is_default:
        say(f"{model[0]}: {models[0].card.intended_use}")
    if accept_licence:
        accept_licences(model.card for model in models)
    if dry_run:
        found = estimate_file(models, vcf, output, options, say=say, progress=progress)
        print_estimate(found, as_json)
        return
    if workers is not None and inputs.any:
        raise InputError("several workers score by the sequence alone", got="--input or --sample")
    if workers is None:
        result = score_file(models, vcf, output, options, say=say, progress=progress)
    else:
        result = _in_processes(workers, names, vcf, output, options, session)
    say_done(result)
    if as_json:
        echo_json(result.to_json())
    elif result.outputs:
        echo(result.output)


def _in_processes(
    workers: int,
    models: Addresses,
    vcf: str,
    output: str | None,
    options: ScoreOptions,
    session: SessionOptions,
) -> ScoredVcf:
    """Score by several processes."""
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.inference.scale.jobs.job import DEFAULT_SHARDS
    from zooctl.inference.scale.jobs.score import ScoreOrder
    from zooctl.inference.scale.whole import score_in_processes

    order = ScoreOrder(vcf, "vcf.gz", options, session, DEFAULT_SHARDS)
    return score_in_processes(models, order, output, workers, say=say, progress=progress)
