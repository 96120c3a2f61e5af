"""`zooctl lookup`: scores of a VCF's alleles from a store alone."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.options import AllowUntrusted, AsJson, with_records
from zooctl.inference.options.predict_and_score import Null
from zooctl.inference.options.store import LookupOptions


@with_records(
    settings=Annotated[
        str | None,
        typer.Option(help="Begin of a digest that `zooctl store list` shows; of several needed."),
    ],
    chrom_map=Annotated[
        str | None,
        typer.Option(help="auto, or a file that maps contig names of the VCF to the genome's."),
    ],
    null=Annotated[Null, typer.Option(help="Part of the background that percentiles are within.")],
)
def command(
    vcf: Annotated[str, typer.Argument(help="VCF or BCF, plain, gz or bgzip; - for stdin.")],
    model: Annotated[str, typer.Option(help="Name that `zooctl list` shows.")],
    output: Annotated[
        str,
        typer.Option("-o", "--output", help="A .tsv, .tsv.gz or .parquet; - for a TSV on stdout."),
    ] = "-",
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: LookupOptions,
) -> None:
    """Look up the alleles of a VCF in a store; no network is run.

    The rows are those of score-variants into a table; what the store lacks has the status
    NOT_STORED.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.score_report import check_stdout
    from zooctl.cli.ui.tables import echo_files
    from zooctl.inference.model import OpenModel
    from zooctl.inference.scale.store.lookup import look_up
    from zooctl.inference.vcf.tally import counts_text

    check_stdout(output, as_json)
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    done = look_up(OpenModel(entry), vcf, output, options, say=say, progress=progress)
    rate = done.alleles / done.seconds if done.seconds else 0.0
    say(f"looked up: {done.alleles:,} alleles in {done.records:,} records, {rate:,.0f} alleles/s")
    say(f"status: {counts_text(done.statuses)}")
    if output != "-":
        facts = {"records": done.records, "alleles": done.alleles, "statuses": done.statuses}
        echo_files([output], as_json, **facts)
