"""Bring together what a recipe names: its sources, its genome, as a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from zooctl.catalog.binning import binning_of
from zooctl.catalog.per_base import Files, per_base, stacked
from zooctl.catalog.recipe import Recipe
from zooctl.catalog.signals import BigWigSignal
from zooctl.errors import InputError
from zooctl.files.fasta import Fasta
from zooctl.sequence.pileup import covered
from zooctl.training.dataset import Dataset, Mask
from zooctl.training.genome_codes import genome_codes


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
    targets = [target.signal for target in recipe.targets]
    controls = [control.signal for control in recipe.controls]
    windows = recipe.windows
    return Dataset(
        recipe.window.geometry,
        codes,
        stacked(files, targets, chroms),
        stacked(files, controls, chroms),
        tuple(binning_of(signal) for signal in targets),
        tuple(binning_of(signal) for signal in controls),
        {source: files.peaks(source) for source in windows.sources}
        if windows.key == "peak_centred"
        else {},
        _excluded(files, chroms),
        _unmappable(files, chroms),
    )


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
