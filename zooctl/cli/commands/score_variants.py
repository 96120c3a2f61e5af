"""`zooctl score-variants`: the effect of every allele of a VCF on the tracks of models."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import (
    AllowUntrusted,
    BatchSize,
    BothStrands,
    Device,
    DeviceChoice,
    GenomeFile,
    Threads,
)


class CheckRef(StrEnum):
    """What to do with an allele whose REF is not what the genome has."""

    skip = "skip"
    fail = "fail"
    swap = "swap"


def command(
    vcf: Annotated[str, typer.Argument(help="VCF or BCF, plain, gz or bgzip; - for stdin.")],
    model: Annotated[
        list[str] | None,
        typer.Option(help="As `zooctl list` shows it; may be given several times."),
    ] = None,
    fasta: GenomeFile = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A .vcf.gz, .vcf, .bcf, .tsv, .tsv.gz or .parquet; "
            "default: <vcf>.<model>.vcf.gz here.",
        ),
    ] = None,
    shifts: Annotated[
        int, typer.Option(min=1, help="Windows to average over; 1 and --max-shift 0: one pass.")
    ] = 20,
    max_shift: Annotated[
        int | None, typer.Option(min=0, help="Furthest shift in bp; default: by the model's core.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Shifts are drawn from it.")] = 0,
    rc: BothStrands = False,
    check_ref: Annotated[
        CheckRef,
        typer.Option(help="Where the genome is not REF; swap scores where it is ALT."),
    ] = CheckRef.skip,
    chrom_map: Annotated[
        str | None,
        typer.Option(help="auto, or a file: how the VCF's contig names are said in the genome."),
    ] = None,
    track: Annotated[
        list[str] | None, typer.Option(help="Tracks to write, by name; default: all.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a VCF with an allele that cannot be scored.")
    ] = False,
    max_skipped: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Largest share of alleles that may disagree with the genome."
        ),
    ] = 0.5,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Records to score, as chr21:30,000,001-31,000,000; may be repeated."),
    ] = None,
    device: Device = DeviceChoice.auto,
    batch_size: BatchSize = None,
    threads: Threads = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what became of the alleles as JSON.")
    ] = None,
    overwrite_annotations: Annotated[
        bool, typer.Option("--overwrite-annotations", help="Replace ZOO_ fields that are there.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run that was stopped left off.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing outputs.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print counts, windows and time; write nothing.")
    ] = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Score every allele of a VCF: how much it changes what the models predict.

    The output has the records of the input, in order, each allele with its scores or the reason why
    it has none.
    """
    from zooctl.cli.ui.score_run import score_run
    from zooctl.cli.ui.score_setup import ScoreOptions

    score_run(
        ScoreOptions(
            vcf=vcf,
            models=tuple(model or ()),
            fasta=fasta,
            output=output,
            n_shifts=shifts,
            max_shift=max_shift,
            seed=seed,
            rc=rc,
            check_ref=check_ref.value,
            chrom_map=chrom_map,
            tracks=tuple(track or ()),
            strict=strict,
            max_skipped=max_skipped,
            regions=tuple(region or ()),
            device=device.value,
            batch_size=batch_size,
            threads=threads,
            report=report,
            overwrite=overwrite_annotations,
            resume=resume,
            force=force,
            dry_run=dry_run,
            allow_untrusted=allow_untrusted,
        )
    )
