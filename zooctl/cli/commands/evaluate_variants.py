"""`zooctl evaluate-variants`: predicted effects of SNVs beside measured ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.models import announce, need_sklearn, say
from zooctl.cli.ui.options import BothStrands, Device, DeviceChoice, GenomeFile, Threads

if TYPE_CHECKING:
    from zooctl.evaluation.variants.compare_effects import ElementReport, Scores
    from zooctl.files.intervals.effects import Effect
    from zooctl.inference.variants.locate import Genome
    from zooctl.inference.variants.score import Scorer
    from zooctl.schema.card import Card
    from zooctl.sequence.alleles import Allele


def command(
    model: Annotated[str, typer.Argument(help="As `zooctl list` shows it.")],
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
    track: Annotated[
        list[str] | None,
        typer.Option(help="Track to judge, by name; may be given several times; default: all."),
    ] = None,
    min_n: Annotated[
        float, typer.Option(min=0, help="Fewest observations of a SNV, where the table says n.")
    ] = 10,
    fasta: GenomeFile = None,
    shifts: Annotated[int, typer.Option(min=2, help="Windows to average over.")] = 20,
    max_shift: Annotated[
        int | None, typer.Option(min=1, help="Furthest shift in bp; default: by the model's core.")
    ] = None,
    even: Annotated[
        bool, typer.Option("--even", help="Shifts at even distances, instead of drawn ones.")
    ] = False,
    rc: BothStrands = False,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Draws of stretches of 10 bp for the 95 % intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the shifts and of the draws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    device: Device = DeviceChoice.auto,
    threads: Threads = None,
) -> None:
    """Hold scores of SNVs against measured effects, in one pass and over shifts.

    The table is a saturation mutagenesis as Kircher 2019 published it, or one like it; each element
    is judged by itself. Needs the extra `train` (scikit-learn and SciPy).
    """
    from zooctl.catalog import registry
    from zooctl.catalog.weights import onnx_bytes
    from zooctl.errors import InputError
    from zooctl.inference.tracks.choose import choose_tracks

    need_sklearn("evaluate-variants")
    if constructs and fasta is not None:
        raise InputError("--constructs takes the sequence from the table; drop --fasta")
    entry = registry.entry(model)
    card = entry.card()
    (chosen,) = choose_tracks([card], track)

    from zooctl.evaluation.variants.compare_effects import compare_effects
    from zooctl.evaluation.variants.constructs import select_snvs
    from zooctl.files.intervals.effects import read_effects
    from zooctl.inference.variants.score import Scorer, VariantModel

    effects = read_effects(table, card.assembly)
    wanted = select_snvs(effects, min_n)
    if not wanted:
        raise InputError("no SNV is left to judge", path=table, got=f"{len(effects):,} variants")
    say(f"{len(wanted):,} SNVs of {len(effects):,} variants are judged")
    with ExitStack() as stack:
        genome, alleles = _place(card, effects, wanted, constructs, fasta, stack)
        scorers = [
            Scorer(
                VariantModel.of(card, onnx_bytes(entry)),
                genome,
                n_shifts=n_shifts,
                max_shift=furthest,
                seed=seed,
                even=even,
                inside=constructs,
                reverse_complement=rc,
                threads=threads,
                device=device.value,
            )
            for n_shifts, furthest in ((1, 0), (shifts, max_shift))
        ]
        announce([(card, scorers[0])])
        single, robust = (_score(scorer, alleles) for scorer in scorers)
    names = [(index, card.tracks[index].name) for index in chosen]
    reports = list(compare_effects(wanted, single, robust, names, n_draws=bootstrap, seed=seed))
    if not reports:
        raise InputError("no element has ten SNVs with a score", path=table)
    settings = {
        "model": model,
        "table": table.name,
        "constructs": constructs,
        "min_n": min_n,
        "shifts": scorers[1].shifts.tolist(),
        "max_shift": scorers[1].max_shift,
        "reverse_complement": rc,
        "bootstrap": bootstrap,
        "seed": seed,
    }
    if as_json:
        import json

        figures = [report.to_json() for report in reports]
        typer.echo(json.dumps({**settings, "elements": figures}, indent=2, allow_nan=False))
    else:
        _print(reports)


def _place(
    card: Card,
    effects: Sequence[Effect],
    wanted: Sequence[Effect],
    constructs: bool,
    fasta: Path | None,
    stack: ExitStack,
) -> tuple[Genome, list[Allele]]:
    """Return the sequence that windows are cut from, and the SNVs on it."""
    from zooctl.catalog.genomes import find_genome, open_genome
    from zooctl.cli.ui.progress import progress
    from zooctl.evaluation.variants.constructs import Constructs, alleles_on_genome

    if constructs:
        elements = Constructs(effects)
        return elements, [elements.allele(effect) for effect in wanted]
    paths, description = find_genome(card.assembly, fasta)
    say(f"genome: {description}")
    genome = stack.enter_context(open_genome(card.assembly, paths, progress))
    return genome, alleles_on_genome(wanted, genome.contigs)


def _score(scorer: Scorer, alleles: Sequence[Allele]) -> Scores:
    """Return the scores, and say what became of the alleles."""
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.score_report import counts_text
    from zooctl.evaluation.variants.compare_effects import score_alleles

    n = len(scorer.shifts)
    label = f"{n} shifts up to {scorer.max_shift} bp" if scorer.max_shift else "one pass"
    with progress(len(alleles), "SNVs", label) as advance:
        scores, statuses = score_alleles(scorer, alleles, advance)
    say(f"{label}: {counts_text(Counter(statuses))}")
    return scores


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
