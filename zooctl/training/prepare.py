"""Bring together what a recipe names: its sources, its genome, as a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from zooctl.catalog.recipe import BigWigSignal, Recipe
from zooctl.errors import InputError
from zooctl.files.fasta import Fasta
from zooctl.training.dataset import Dataset, Signal, per_base_signal


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
        report: Called with one line for what takes time.

    Raises:
        InputError: The genome lacks a contig of the split.
    """
    split = recipe.split
    chroms = list(dict.fromkeys(r.chrom for r in (*split.train, *split.validation, *split.test)))
    with Fasta(*genome) as fasta:
        for chrom in chroms:
            if chrom not in fasta.contigs:
                raise InputError(
                    "genome lacks a chromosome of the split",
                    path=genome[0],
                    got=chrom,
                    expected=", ".join(list(fasta.contigs)[:5]),
                )
        codes = {chrom: fasta.codes(chrom, 0, fasta.contigs[chrom]) for chrom in chroms}

    def per_base(signal: BigWigSignal, chrom: str, length: int) -> Signal:
        source = recipe.source(signal.source)
        assert source.sha256 is not None, "a source without digest is refused when it is located"
        return per_base_signal(sources[source.id], source.sha256, chrom, length, report)

    def stack(signals: Sequence[BigWigSignal], chrom: str) -> Signal:
        length = len(codes[chrom])
        rows = np.empty((len(signals), length), np.float32)
        if len(signals) == 1:  # stays memory-mapped
            return per_base(signals[0], chrom, length)[None]
        for row, signal in zip(rows, signals, strict=True):
            row[:] = per_base(signal, chrom, length)
        return rows

    targets = [target.signal for target in recipe.targets]
    controls = [control.signal for control in recipe.controls]
    return Dataset(
        recipe.window.geometry,
        codes,
        {chrom: stack(targets, chrom) for chrom in chroms},
        {chrom: stack(controls, chrom) for chrom in chroms},
    )
