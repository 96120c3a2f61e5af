"""What a run of `zooctl score-variants` is made of: models, genome, VCF and regions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zooctl.cli.ui.models import say

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.files.fasta.reader import Fasta
    from zooctl.files.vcf.records import VcfReader
    from zooctl.inference.vcf.check import Vcf
    from zooctl.inference.vcf.text import Model
    from zooctl.schema.card import Card
    from zooctl.sequence.intervals import Interval


@dataclass(frozen=True)
class ScoreOptions:
    """What the user typed; see the command's help."""

    vcf: str
    models: tuple[str, ...]
    fasta: Path | None
    output: Path | None
    n_shifts: int
    max_shift: int | None
    seed: int
    rc: bool
    check_ref: Literal["skip", "fail", "swap"]
    chrom_map: str | None
    tracks: tuple[str, ...]
    strict: bool
    max_skipped: float
    regions: tuple[str, ...]
    device: Literal["auto", "cpu", "cuda"]
    batch_size: int | None
    threads: int | None
    report: Path | None
    overwrite: bool
    resume: bool
    force: bool
    dry_run: bool
    allow_untrusted: bool


def find_entries(options: ScoreOptions) -> list[Entry]:
    from zooctl.catalog import registry

    names = options.models
    if not names:
        names = (registry.DEFAULT_MODEL,)
        say(f"model: {names[0]}, the default")
    return [
        registry.entry(name, allow_untrusted=options.allow_untrusted)
        for name in dict.fromkeys(names)
    ]


def common_assembly(cards: Sequence[Card]) -> str:
    """Return the one assembly that a VCF can be in."""
    from zooctl.errors import InputError

    assemblies = dict.fromkeys(card.assembly for card in cards)
    if len(assemblies) > 1:
        raise InputError(
            "models are for different assemblies",
            got=", ".join(f"{card.name} for {card.assembly}" for card in cards),
            hint="score the VCF and its lifted copy one after the other",
        )
    return cards[0].assembly


def stem_of(path: str) -> str:
    if path == "-":
        return "variants"
    stem = re.sub(r"(\.vcf|\.bcf)?(\.b?gz)?$", "", Path(path).name, flags=re.IGNORECASE)
    return stem or "variants"


def check_report(report: Path, target: Path, force: bool, inputs: Sequence[Path]) -> None:
    from zooctl.errors import InputError
    from zooctl.files.disk.atomic import check_output

    check_output(report, force, inputs)
    if report.absolute() == target.absolute():
        raise InputError("report and output are one file", path=report)


def against_genome(reader: VcfReader, genome: Fasta, assembly: str, options: ScoreOptions) -> Vcf:
    """Return how the VCF is read against the genome."""
    from zooctl.files.intervals.chrom_map import load_chrom_map
    from zooctl.inference.vcf.check import Vcf, genome_names
    from zooctl.sequence.contigs import other_style

    header, named = reader.header.contigs, {}
    if options.chrom_map is not None:
        lengths = {chrom: length for chrom, length in header.items() if length is not None}
        known = {*header, *genome.contigs, *map(other_style, genome.contigs)}
        named = load_chrom_map(options.chrom_map, known, genome.contigs, lengths)
    names = genome_names(header, named, genome.contigs, assembly=assembly, path=reader.name)
    return Vcf(reader.name, genome, names, options.strict, options.check_ref == "fail")


def chosen_intervals(options: ScoreOptions, genome: Fasta, vcf: Vcf) -> list[Interval]:
    """Return the regions in the genome's names; none for all records."""
    from zooctl.cli.ui.regions import read_regions

    if not options.regions:
        return []
    regions = read_regions(None, options.regions)
    return regions.within(genome.contigs, chrom_map=options.chrom_map)


def open_model(
    entry: Entry, card: Card, tracks: Sequence[int], genome: Fasta, options: ScoreOptions
) -> Model:
    import hashlib

    from zooctl.catalog.weights import onnx_bytes
    from zooctl.inference.variants.score import Scorer, VariantModel
    from zooctl.inference.vcf.text import MOST_TRACKS, Model

    graph = onnx_bytes(entry)
    scorer = Scorer(
        VariantModel.of(card, graph),
        genome,
        n_shifts=options.n_shifts,
        max_shift=options.max_shift,
        seed=options.seed,
        reverse_complement=options.rc,
        # What is refused is found before, where the line is known.
        check_ref="swap" if options.check_ref == "swap" else "skip",
        batch_size=options.batch_size,
        threads=options.threads,
        device=options.device,
    )
    return Model(
        name=card.name,
        version=card.version,
        weights=hashlib.sha256(graph).hexdigest(),
        assembly=card.assembly,
        scale=card.output_scale,
        tracks=tuple((index, card.tracks[index].name) for index in tracks),
        top=len(tracks) > MOST_TRACKS and not options.tracks,
        scorer=scorer,
    )
