"""Parts of a run that scores a VCF: assembly, contig names, regions and models, each checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.disk.atomic import check_output
from zooctl.files.disk.names import file_named, folder_named
from zooctl.files.disk.pinned import digest_of, file_digest
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.chrom_map import load_chrom_map
from zooctl.files.intervals.transcripts import GeneIndex, genes_of, read_transcripts
from zooctl.files.vcf.records import VcfReader
from zooctl.inference.background.find import find_ranker
from zooctl.inference.device.announce_remarks import announce_genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.hardware import less_precision
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.inference.tracks.choose import mean_unit, tracks_of
from zooctl.inference.variants.shift_robust_statistics import MEAN_TRACK
from zooctl.inference.variants.table import open_scorer
from zooctl.inference.vcf.assembly_check import Vcf, genome_names
from zooctl.inference.vcf.info_fields import MOST_TRACKS, ScoringModel, WrittenTrack
from zooctl.progress import Say
from zooctl.schema.card import Card
from zooctl.sequence.assemblies import likely_assembly
from zooctl.sequence.contigs import auto_map, other_style
from zooctl.sequence.intervals import Interval


def common_assembly(cards: Sequence[Card], options: ScoreOptions) -> str:
    """Return the assembly of all models; of the first, where a genome is named.

    Raises:
        InputError: They differ, and no genome is named.
    """
    assemblies = dict.fromkeys(card.assembly for card in cards)
    if len(assemblies) > 1 and options.fasta is None:
        raise InputError(
            "models are for different assemblies",
            got=", ".join(f"{card.name} for {card.assembly}" for card in cards),
            hint="name the VCF's genome with --fasta, or score with one model after the other",
        )
    return cards[0].assembly


def assembly_in_use(cards: Sequence[Card], genome: Fasta, say: Say) -> str:
    """Return the assembly of a genome, by its lengths, or else that of the cards; warn of others.

    Args:
        cards: The models' cards.
        genome: The genome in use.
        say: Told where a model was trained on another assembly.
    """
    for card in cards:
        announce_genome(card, genome.contigs, say)
    return likely_assembly(genome.contigs) or cards[0].assembly


def default_output(vcf: str, cards: Sequence[Card]) -> Path:
    """Return the output's name where the user gives none.

    >>> default_output("/data/trio.vcf.gz", [])
    PosixPath('trio.vcf.gz')
    """
    stem = "variants"
    if vcf != "-":
        stem = re.sub(r"(\.vcf|\.bcf)?(\.b?gz)?$", "", Path(vcf).name, flags=re.IGNORECASE) or stem
    return Path(".".join([stem, *(card.name for card in cards), "vcf.gz"]))


def named_output(output: str | Path | None, vcf: str, cards: Sequence[Card]) -> Path:
    """Return the output; in a folder, or where none is named, it has the default name."""
    default = default_output(vcf, cards)
    if output is None:
        return default
    folder = folder_named(output)
    return Path(output) if folder is None else folder / default


def check_report(report: Path, target: Path, force: bool, inputs: Sequence[Path]) -> None:
    """Refuse a report that cannot be written, or that is the output itself."""
    check_output(report, force, inputs)
    if report.absolute() == target.absolute():
        raise InputError("report and output are one file", path=report)
    file_named(report, (".json",))


def check_selection(options: ScoreOptions, models: Sequence[ScoringModel]) -> None:
    """Refuse a choice by percentiles that no model has.

    Raises:
        InputError: There are none.
    """
    chosen = options.min_pct is not None or options.top is not None
    if chosen and all(model.ranker is None for model in models):
        raise InputError(
            "no model has percentiles to choose by",
            got=", ".join(model.name for model in models),
            hint="zooctl calibrate makes a background; --background names another",
        )


def match_names(reader: VcfReader, genome: Fasta, options: ScoreOptions) -> Vcf:
    """Return the VCF with its contig names mapped to the genome's, and the rules of refusal.

    Raises:
        InputError: The map of names is wrong.
    """
    header, contigs, mapped = reader.header.contigs, genome.contigs, {}
    lengths = {chrom: length for chrom, length in header.items() if length is not None}
    known = {*header, *contigs, *map(other_style, contigs)}
    if options.chrom_map is not None:
        mapped = load_chrom_map(options.chrom_map, known, contigs, lengths)
    names = genome_names(header, mapped, contigs)
    fail, auto = options.check_ref == "fail", auto_map(known, contigs, lengths)
    return Vcf(reader.name, genome, names, options.strict, fail, auto=auto.keys())


def genome_label(genome: Fasta, assembly: str) -> str:
    """Return the name of a genome for people: its file, or the assembly where it has several."""
    return genome.paths[0].name if len(genome.paths) == 1 else assembly


def settings_of(
    models: Sequence[ScoringModel],
    options: ScoreOptions,
    genome: Fasta,
    intervals: Sequence[Interval],
    names: Mapping[str, str],
    head: bytes,
) -> dict[str, str | int | bool]:
    """Return everything but the input's records that the bytes of an output depend on."""
    first = models[0].scorer
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in genome.paths]
    return {
        "zooctl": __version__,
        "models": ", ".join(
            f"{model.name} {model.version} sha256:{model.weights}" for model in models
        ),
        "tracks": ", ".join(track.name for model in models for track in model.tracks),
        "statistics": ", ".join(
            dict.fromkeys(of.key for model in models for of in model.scorer.measures)
        ),
        "distance": ", ".join(str(model.scorer.distance) for model in models),
        "shifts": ", ".join(str(model.scorer.placement.n_shifts) for model in models),
        "max_shift": ", ".join(str(model.scorer.max_shift) for model in models),
        "seed": options.seed,
        "rc": options.rc,
        "masked": options.masked,
        "haplotypes": options.haplotypes,
        "genes": "" if options.genes is None else file_digest(Path(options.genes)),
        "check_ref": options.check_ref,
        "device": first.device,
        "threads": first.threads,
        "batch_size": ", ".join(str(model.scorer.batch_size) for model in models),
        "background": ", ".join(
            "none" if model.ranker is None else f"{model.ranker.source} of {model.ranker.digest}"
            for model in models
        ),
        "engine": ", ".join(model.scorer.engine for model in models),
        "inputs": ", ".join(model.scorer.inputs for model in models),
        "genome": json.dumps(files),
        "regions": ", ".join(map(str, intervals)),
        "names": digest_of(json.dumps(sorted(names.items())).encode()),
        "head": digest_of(head),
        **less_precision(first.precision),
    }


def read_genes(options: ScoreOptions, genome: Fasta) -> GeneIndex | None:
    """Return the genes of an annotation in the genome's names; None where none is given.

    Raises:
        InputError: The file is no GTF, or has no gene on the genome's contigs.
    """
    if options.genes is None:
        return None
    found = genes_of(read_transcripts(options.genes))
    given = {gene.chrom for gene in found}
    names = load_chrom_map(options.chrom_map or "auto", given, genome.contigs)
    named = {chrom: chrom for chrom in given if chrom in genome.contigs} | names
    placed = [gene._replace(chrom=named[gene.chrom]) for gene in found if gene.chrom in named]
    if not placed:
        shown = ", ".join(sorted(given)[:5])
        raise InputError("no gene lies on a contig of the genome", path=options.genes, got=shown)
    return GeneIndex(placed)


def scoring_model(
    model: OpenModel,
    tracks: Sequence[int],
    genome: Fasta,
    options: ScoreOptions,
    genes: GeneIndex | None,
    say: Say,
) -> ScoringModel:
    """Return a model with its scorer on a genome, its background, and the tracks to write.

    Genes are for models of the transcribed strand.
    """
    card = model.card
    # Alleles that ``fail`` refuses are found before scoring, where their line is known.
    check_ref = "skip" if options.check_ref == "fail" else options.check_ref
    scorer = open_scorer(
        model,
        genome,
        options,
        check_ref,
        genes,
        options.masked,
        annotation=options.genes,
        say=say,
    )
    return ScoringModel(
        name=card.name,
        version=card.version,
        weights=model.weights_digest,
        assembly=card.assembly,
        tracks=_written_tracks(card, tracks, options),
        top=len(tracks) > MOST_TRACKS and not options.tracks,
        scorer=scorer,
        terms=(card.licence, card.notice),
        ranker=find_ranker(model, scorer, options, scorer.n_tracks, say),
    )


def _written_tracks(
    card: Card, chosen: Sequence[int], options: ScoreOptions
) -> tuple[WrittenTrack, ...]:
    """Return the tracks to write; the mean is that of all tracks of the model."""
    tracks = tracks_of(card, by_gene=options.genes is not None)
    found = [WrittenTrack(i, tracks[i].name, tracks[i].unit) for i in chosen]
    if options.mean_track:
        if MEAN_TRACK in {track.name for track in tracks}:
            raise InputError(f"{card.name} has a track {MEAN_TRACK} of its own")
        found.append(WrittenTrack(len(tracks), MEAN_TRACK, mean_unit(tracks)))
    return tuple(found)
