"""Bring together what a recipe names: its sources, its genome, as a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from zooctl.catalog.binning import Binning, Signal, binning_of
from zooctl.catalog.explain import nearest
from zooctl.catalog.inputs import in_sample
from zooctl.catalog.per_base import Files, per_base, stacked
from zooctl.catalog.recipe import Recipe
from zooctl.catalog.selection import VariantWindows
from zooctl.catalog.signals import AnySignal, BigWigSignal, VariantEffect
from zooctl.errors import InputError
from zooctl.files.fasta import Fasta
from zooctl.files.text_table import read_text_table
from zooctl.sequence.onehot import Codes
from zooctl.sequence.pileup import covered
from zooctl.training.dataset import Dataset, Mask
from zooctl.training.genome_codes import genome_codes
from zooctl.training.variant_table import Variants, read_variants


def prepare(
    recipe: Recipe,
    sources: Mapping[str, Path],
    genome: Sequence[Path],
    report: Callable[[str], None],
) -> Dataset:
    """Read the contigs of the recipe's split: codes of the genome, targets and controls per base.

    Args:
        recipe: Names sources and contigs.
        sources: Source id to verified file.
        genome: FASTA files of the recipe's assembly.
        report: Called with one line for what takes time, and for what is dropped.

    Raises:
        InputError: The genome lacks a contig of the split, or a source is not what it should be.
    """
    split = recipe.split
    parts = (*split.train, *split.validation, *split.test)
    chroms = list(dict.fromkeys(region.chrom for region in parts))
    with Fasta(*genome) as fasta:
        _check_split(recipe, fasta.contigs, genome[0])
        codes = {chrom: genome_codes(fasta, chrom, report) for chrom in chroms}
        files = Files(recipe, sources, dict(fasta.contigs), report)
    targets = _of_samples(recipe, [target.signal for target in recipe.targets])
    controls = _of_samples(recipe, [control.signal for control in recipe.controls])
    inputs = _of_samples(recipe, [found.signal for found in recipe.inputs])
    windows = recipe.windows
    variants = _variants(files, codes) if windows.key == "variants" else None
    return Dataset(
        recipe.window.geometry,
        codes,
        stacked(files, targets, chroms) if variants is None else {},
        stacked(files, controls, chroms),
        tuple(binning_of(signal) for signal in targets),
        tuple(binning_of(signal) for signal in controls),
        {source: files.peaks(source) for source in windows.sources}
        if windows.key == "peak_centred"
        else {},
        _excluded(files, chroms),
        _unmappable(files, chroms),
        stacked(files, inputs, chroms) if inputs else {},
        tuple(binning_of(signal) for signal in inputs),
        _features(files),
        max(1, len(recipe.samples)),
        variants,
    )


def _of_samples(recipe: Recipe, signals: Sequence[AnySignal]) -> list[AnySignal]:
    """Return signals as they are in each sample, sample after sample."""
    if not recipe.samples:
        return list(signals)
    return [in_sample(signal, sample) for sample in recipe.samples for signal in signals]


def _features(files: Files) -> Signal | None:
    """Return the values of each sample, ``(n_samples, n_features)``; None where there are none."""
    recipe = files.recipe
    chosen = recipe.features
    if chosen is None:
        own = np.array([sample.features for sample in recipe.samples], np.float32)
        return own if own.size else None
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
    return read_variants(path, windows, effects, codes, files.report)


def _check_split(recipe: Recipe, contigs: Mapping[str, int], genome: Path) -> None:
    """Refuse a split that the genome does not hold."""
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


def _excluded(files: Files, chroms: Sequence[str]) -> dict[str, Mask]:
    """Bases of the regions that the recipe excludes; none where it excludes none."""
    names = files.recipe.exclude.regions
    masks: dict[str, Mask] = {}
    for source in names:
        regions = files.peaks(source)
        for chrom in chroms:
            here = regions.on(chrom)
            mask = covered(here.start, here.end, files.contigs[chrom])
            masks[chrom] = masks[chrom] | mask if chrom in masks else mask
    return masks


def _unmappable(files: Files, chroms: Sequence[str]) -> dict[str, Mask]:
    """Bases whose mappability is below the recipe's threshold."""
    choice = files.recipe.exclude.mappability
    if choice is None:
        return {}
    track = per_base(files, BigWigSignal(key="bigwig", source=choice.source), chroms)
    return {chrom: values < choice.min_value for chrom, values in track.items()}
