"""`zooctl gkm`: gapped k-mer SVMs, trained on regions and used as any entry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.commands.adopt_report import Assembly, Force, Licence, Name
from zooctl.cli.ui.options import (
    AllowUntrusted,
    AsJson,
    Device,
    GenomeFile,
    ModelName,
    Threads,
)
from zooctl.inference.options.predict_and_score import LARGEST_SEED

app = typer.Typer(
    help="Train gapped k-mer SVMs as entries, and score sequences with them.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("train")
def train(
    bed: Annotated[Path, typer.Argument(help="Positive regions as a BED file, plain or gz.")],
    name: Name,
    licence: Licence,
    assembly: Assembly = "hg38",
    negatives: Annotated[
        Path | None,
        typer.Option(
            help="Negative regions as BED; default: drawn on the same contigs, of the same GC."
        ),
    ] = None,
    track: Annotated[
        str | None, typer.Option(help="Name of its track; default: that of the BED file.")
    ] = None,
    width: Annotated[
        int, typer.Option(min=12, max=2000, help="bp around each region's middle.")
    ] = 160,
    length: Annotated[
        int, typer.Option("-l", min=2, max=11, help="Bases of a gapped k-mer, with its gaps.")
    ] = 11,
    informative: Annotated[
        int, typer.Option("-k", min=1, max=11, help="Bases of it that are not gaps.")
    ] = 7,
    cost: Annotated[
        float, typer.Option(min=1e-6, max=1e6, help="Cost of a window on the wrong side.")
    ] = 1.0,
    most: Annotated[
        int, typer.Option(min=20, max=20_000, help="Windows of each class, evenly spread.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the negatives.")] = 0,
    fasta: GenomeFile = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Train a gapped k-mer SVM on regions, and write it as an entry.

    Every command runs the entry. Time and memory grow with the square of the windows: a thousand
    of each class take minutes. Needs the extra `interpret`.
    """
    from zooctl.catalog.root import own_root
    from zooctl.cli.commands.adopt_report import report
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.evaluation.gkm.entry import GkmOptions, train_gkm_entry
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.adopt.adopt import write_entry
    from zooctl.inference.adopt.staging import refuse_existing

    root = own_root()
    refuse_existing(root, name, force=force)
    positives = read_regions(bed, ())
    facts = {"name": name, "licence": licence, "assembly": assembly}
    made = train_gkm_entry(
        positives,
        None if negatives is None else read_regions(negatives, ()),
        {**facts, "track": track or positives.stem},
        GkmOptions(
            width=width,
            length=length,
            informative=informative,
            cost=cost,
            most=most,
            seed=seed,
            fasta=fasta,
        ),
        say=say,
        progress=progress,
    )
    say(
        f"trained: {made.n_positive:,} positive and {made.n_negative:,} negative windows, "
        f"{made.n_support:,} of them support vectors"
    )
    report(write_entry(root, made.model, made.fields, force=force), as_json)


@app.command("predict")
def predict(
    model: ModelName,
    sequences: Annotated[Path, typer.Argument(help="FASTA, plain or bgzipped.")],
    device: Device = "auto",
    threads: Threads = None,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
) -> None:
    """Print the score of each sequence of a FASTA file: the highest of its windows.

    Along a genome, `zooctl predict` and `zooctl score-variants` run the entry as any other.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json
    from zooctl.files.fasta.reader import Fasta
    from zooctl.inference.adopt.gapped_kmers.sequences import score_sequences
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    opened = OpenModel(entry, SessionOptions(device=device, threads=threads))
    with Fasta(sequences) as given:
        found = score_sequences(opened, given, progress)
    if as_json:
        echo_json([one._asdict() for one in found])
        return
    echo("name\tscore\tstart")
    for one in found:
        echo(f"{one.name}\t{one.value:.6g}\t{one.start}")
