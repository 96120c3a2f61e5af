"""Chromosome folds of a recipe: each chromosome is tested once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from zooctl.catalog.genomes import find_genome
from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.schema.recipe.recipe import Recipe

# Of any two folds one validates and one tests, so that a third is needed to train.
FEWEST = 3


def fold_settings(recipe: Recipe, fold: str, fasta: Path | None) -> list[str]:
    """Return the values of a recipe that one fold replaces, as ``--set`` takes them.

    Args:
        recipe: Its split names whole chromosomes, which are dealt out anew.
        fold: Number of the fold, from 1, and number of folds: ``2/5``.
        fasta: Genome to use in place of the assembly's.

    Raises:
        InputError: The fold does not exist, or the chromosomes do not make so many folds.
    """
    number, of = _parsed(fold)
    parts = (*recipe.split.train, *recipe.split.validation, *recipe.split.test)
    if cut := next((region for region in parts if region.start is not None), None):
        raise InputError(
            "folds are of whole chromosomes",
            field="split",
            got=str(cut),
            hint="a recipe with whole chromosomes in its split, such as atac_yeast",
        )
    with Fasta(*find_genome(recipe.genome.assembly, fasta)[0]) as genome:
        names = dict.fromkeys(region.chrom for region in parts)
        lengths = {name: genome.contigs[name] for name in names if name in genome.contigs}
    if len(lengths) < of:
        raise InputError(
            "fewer chromosomes than folds",
            field="--fold",
            got=f"{len(lengths)} in the split of {recipe.name}",
            expected=f"at least {of}",
        )
    folds = deal(lengths, of)
    test, validation = folds[number - 1], folds[number % of]
    train = [name for name in lengths if name not in (*test, *validation)]
    split = {"train": train, "validation": validation, "test": test}
    return [
        f"name={recipe.name}_fold{number}of{of}",
        *(f"split.{part}=[{', '.join(chroms)}]" for part, chroms in split.items()),
        f"fold={{index: {number}, of: {of}}}",
    ]


def deal(lengths: Mapping[str, int], n: int) -> list[list[str]]:
    """Return chromosomes in ``n`` folds of about equal length, the longest dealt out first.

    >>> deal({"chrI": 230, "chrII": 813, "chrIII": 317, "chrIV": 1532}, 2)
    [['chrIV'], ['chrII', 'chrIII', 'chrI']]
    """
    folds: list[list[str]] = [[] for _ in range(n)]
    for name in sorted(lengths, key=lambda name: -lengths[name]):
        min(folds, key=lambda fold: sum(lengths[one] for one in fold)).append(name)
    return folds


def _parsed(fold: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", fold)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (of >= FEWEST and 1 <= number <= of):
        raise InputError(
            "no such fold",
            field="--fold",
            got=fold,
            expected=f"K/N with K from 1 to N, N >= {FEWEST}",
        )
    return number, of
