"""A recipe's dataset, from its sources and its genome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zooctl.catalog.data import locate
from zooctl.catalog.genomes import find_genome
from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.text_table import read_text_table
from zooctl.files.motifs import Motif, read_motif, read_motifs
from zooctl.progress import Say, silent
from zooctl.schema.explain import nearest
from zooctl.schema.fields import swapped_order
from zooctl.schema.recipe.inputs import in_sample, measured_inputs
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal, BigWigSignal, KmerValues, VariantEffect
from zooctl.schema.recipe.windows import AccessibleWindows, PeakWindows, VariantWindows
from zooctl.sequence.onehot import Codes
from zooctl.sequence.pileup import covered
from zooctl.training.data.dataset import Dataset, Mask, Swaps
from zooctl.training.data.frozen_trunk import frozen_trunk
from zooctl.training.data.genome_codes import genome_codes
from zooctl.training.data.kmer_table import KmerColumn, read_kmer_column
from zooctl.training.data.variants import Variants, read_variants
from zooctl.training.tracks.bin_values_and_labels import Binning, Signal, binning_of
from zooctl.training.tracks.normalisation import normalised_rules, rules_of
from zooctl.training.tracks.signals_and_labels import Files, per_base, stacked


def open_dataset(recipe: Recipe, fasta: Path | None, say: Say = silent) -> Dataset:
    """Locate a recipe's sources and genome and read them.

    Args:
        recipe: Names them.
        fasta: Genome to use in place of the assembly's.
        say: Takes a line on each source, and before slow work.

    Raises:
        ZooError: As ``find_genome``, ``locate`` and ``prepare``.
    """
    genome, description = find_genome(recipe.genome.assembly, fasta)
    say(f"genome: {description}")
    sources = {}
    for source in recipe.sources:
        located = locate(source)
        say(f"{source.id}: {located.path} ({located.origin})")
        sources[source.id] = located.path
    return prepare(recipe, sources, genome, say)


def prepare(
    recipe: Recipe,
    sources: Mapping[str, Path],
    genome: Sequence[Path],
    say: Say,
) -> Dataset:
    """Read the contigs of the recipe's split: codes of the genome, targets and controls per base.

    Args:
        recipe: Names sources and contigs.
        sources: Source id to verified file.
        genome: FASTA files of the recipe's assembly.
        say: Takes a line before slow work, and on dropped peaks and variants.

    Raises:
        InputError: The genome lacks a contig of the split, or a source does not fit its key.
    """
    split = recipe.split
    parts = (*split.train, *split.validation, *split.test)
    chroms = list(dict.fromkeys(region.chrom for region in parts))
    with Fasta(*genome) as fasta:
        _check_split(recipe, fasta.contigs, genome[0])
        codes = {chrom: genome_codes(fasta, chrom, say) for chrom in chroms}
        files = Files(recipe, sources, dict(fasta.contigs), say)
    targets = _of_samples(recipe, [target.signal for target in recipe.targets])
    controls = _of_samples(recipe, [control.signal for control in recipe.controls])
    inputs = _of_samples(recipe, [one.signal for one in measured_inputs(recipe.inputs)])
    windows = recipe.windows
    variants = _variants(files, codes) if isinstance(windows, VariantWindows) else None
    peaks = windows.sources if isinstance(windows, PeakWindows | AccessibleWindows) else ()
    rules = normalised_rules(recipe, lambda signal: per_base(files, signal, chroms), say)
    return Dataset(
        geometry=recipe.window.geometry,
        codes=codes,
        target=stacked(files, targets, chroms) if variants is None else {},
        target_binning=rules_of(targets, rules),
        control=stacked(files, controls, chroms),
        control_binning=tuple(map(binning_of, controls)),
        signals=stacked(files, inputs, chroms) if inputs else {},
        signal_rules=tuple(map(binning_of, inputs)),
        features=_features(files),
        n_samples=max(1, len(recipe.samples)),
        variants=variants,
        masks_gaps=getattr(windows, "gaps", "avoid") == "mask",
        swaps=_swaps(recipe),
        peaks={source: files.peaks(source) for source in peaks},
        excluded=excluded_bases(files, chroms),
        unmappable=unmappable_bases(files, chroms),
        kmer_columns=_kmer_columns(files),
        motifs=_motifs(files),
        trunk=frozen_trunk(recipe),
    )


def _kmer_columns(files: Files) -> tuple[KmerColumn, ...]:
    """Return the tables of the inputs that are computed from bases."""
    signals = [one.signal for one in files.recipe.inputs]
    return tuple(
        read_kmer_column(files.paths[signal.source], signal.column)
        for signal in signals
        if isinstance(signal, KmerValues)
    )


def _motifs(files: Files) -> tuple[Motif, ...]:
    """Return the motifs that filters begin as."""
    chosen = files.recipe.motif_filters
    if chosen is None:
        return ()
    path = files.paths[chosen.source]
    if not chosen.names:
        return tuple(read_motifs(path, files.say))
    return tuple(read_motif(path, name, files.say) for name in chosen.names)


def _swaps(recipe: Recipe) -> Swaps:
    """Return the places that stranded tracks, controls and inputs exchange."""
    return Swaps(
        swapped_order([target.track for target in recipe.targets], recipe.strand_pairs),
        swapped_order([control.name for control in recipe.controls], recipe.strand_pairs),
        swapped_order([one.name for one in measured_inputs(recipe.inputs)], recipe.strand_pairs),
    )


def _of_samples(recipe: Recipe, signals: Sequence[AnySignal]) -> list[AnySignal]:
    """Return the signals of each sample, sample after sample."""
    if not recipe.samples:
        return list(signals)
    return [in_sample(signal, sample) for sample in recipe.samples for signal in signals]


def _features(files: Files) -> Signal | None:
    """Return the values of each sample, ``(n_samples, n_features)``; None where there are none."""
    recipe = files.recipe
    chosen = recipe.features
    if chosen is None:
        given = np.array([sample.features for sample in recipe.samples], np.float32)
        return given if given.size else None
    table = read_text_table(files.paths[chosen.source])
    columns = [table.column(sample.name) for sample in recipe.samples]
    lines = {cells[0]: row for row, (_, cells) in enumerate(table.rows)}
    for name in chosen.names:
        if name not in lines:
            raise InputError(
                "table has no such line",
                path=table.path,
                got=name,
                hint=nearest(name, list(lines)),
            )
    values = [[table.number(lines[name], column) for name in chosen.names] for column in columns]
    return Binning("mean", chosen.transform).apply(np.array(values, np.float32), 1)


def _variants(files: Files, codes: Mapping[str, Codes]) -> Variants:
    windows = files.recipe.windows
    assert isinstance(windows, VariantWindows)
    effects = [
        target.signal.column
        for target in files.recipe.targets
        if isinstance(target.signal, VariantEffect)
    ]
    path = files.paths[windows.source]
    return read_variants(path, windows, effects, codes, files.say)


def _check_split(recipe: Recipe, contigs: Mapping[str, int], genome: Path) -> None:
    """Refuse a split with a contig or range beyond the genome."""
    for part in ("train", "validation", "test"):
        for index, region in enumerate(getattr(recipe.split, part)):
            if region.chrom not in contigs:
                raise InputError(
                    "genome lacks a chromosome of the split",
                    path=genome,
                    got=region.chrom,
                    expected=", ".join(list(contigs)[:5]),
                )
            length = contigs[region.chrom]
            if region.end is not None and region.end > length:
                raise InputError(
                    "range of the split goes beyond its chromosome",
                    field=f"split.{part}.{index}.end",
                    got=f"{region.end:,}",
                    expected=f"at most {length:,}, the length of {region.chrom}",
                )


def excluded_bases(files: Files, chroms: Sequence[str]) -> dict[str, Mask]:
    """Return a mask of the excluded bases of each contig; empty where no region is excluded."""
    masks: dict[str, Mask] = {}
    for source in files.recipe.exclude.regions:
        regions = files.peaks(source)
        for chrom in chroms:
            intervals = regions.on(chrom)
            mask = covered(intervals.start, intervals.end, files.contigs[chrom])
            masks[chrom] = masks[chrom] | mask if chrom in masks else mask
    return masks


def unmappable_bases(files: Files, chroms: Sequence[str]) -> dict[str, Mask]:
    """Return a mask of the bases with a mappability below the recipe's threshold."""
    choice = files.recipe.exclude.mappability
    if choice is None:
        return {}
    track = per_base(files, BigWigSignal(key="bigwig", source=choice.source), chroms)
    return {chrom: values < choice.min_value for chrom, values in track.items()}
