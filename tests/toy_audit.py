"""Recipes that commit a sin, and recipes that do not, on a genome small enough for figures by hand.

Windows read 64 bp and predict the 32 bp in their middle, side by side on a grid of 32 bp. There are
two contigs of random bases; the signal is 0 except where a test puts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import toy_training as toy
from numpy.typing import NDArray

from zooctl.audit.inputs import AuditInputs
from zooctl.audit.split_data import SplitData
from zooctl.files.intervals.peaks import Peaks
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.windows import select_windows
from zooctl.training.tracks.bin_values_and_labels import binning_of

LENGTH = 4_000
CHROMS = ("chr1", "chr2", "chr3")

# Each part on a contig of its own.
APART = {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]}


def source(name: str, **changes: Any) -> dict[str, Any]:
    """One source of a recipe; its digest is its name, so that no two are alike."""
    return {
        "id": name,
        "file": f"{name}.bw",
        "accession": None,
        "url": None,
        "sha256": name.encode().hex().ljust(64, "0")[:64],
        "size": 1,
        "licence": "MIT",
        "citation": "made up",
        "assembly": "toy",
        "assay": "ChIP-seq",
        "biosample": "cell",
        "output_type": "coverage",
    } | changes


def region(chrom: str, start: int, end: int) -> dict[str, Any]:
    """Part of a contig, as a recipe has it."""
    return {"chrom": chrom, "start": start, "end": end}


def recipe(**changes: Any) -> Recipe:
    """One track, no control, parts apart, windows with a base of 8 or more and as many without."""
    document: dict[str, Any] = {
        "sources": [source("signal")],
        "split": APART,
        "controls": [],
        "augmentation": {"reverse_complement": True, "max_shift": 0},
        "evaluation": {"bin_size": 32, "positive_min_signal": 8},
    }
    return toy.recipe(**(document | changes))


def genome(seed: int = 1) -> dict[str, NDArray[np.uint8]]:
    """Random bases."""
    rng = np.random.default_rng(seed)
    return {chrom: rng.integers(0, 4, LENGTH).astype(np.uint8) for chrom in CHROMS}


def peaks_at(*places: tuple[str, int, int]) -> Peaks:
    """Peaks without values."""
    chrom, start, end = zip(*places, strict=True)
    return Peaks(np.array(chrom), np.array(start), np.array(end), None, None)


def flat(*heights: float) -> dict[str, NDArray[np.float32]]:
    """Rows of one height each over all contigs."""
    row = np.array(heights, np.float32).reshape(-1, 1)
    return {chrom: np.repeat(row, LENGTH, axis=1) for chrom in CHROMS}


def every(step: int, height: float = 10.0, rows: int = 1) -> dict[str, NDArray[np.float32]]:
    """A base of some height in the middle of every ``step``-th window of the grid, else 0."""
    signal = flat(*[0.0] * rows)
    for chrom in CHROMS:
        signal[chrom][:, 16 :: 32 * step] = height
    return signal


def broad() -> dict[str, NDArray[np.float32]]:
    """Eight windows high, eight low."""
    signal = flat(0.0)
    for chrom in CHROMS:
        signal[chrom][:] = 10.0 * (np.arange(LENGTH) % 512 < 256)
    return signal


def inputs(
    chosen: Recipe,
    target: Mapping[str, NDArray[np.float32]],
    *,
    codes: Mapping[str, NDArray[np.uint8]] | None = None,
    control: Mapping[str, NDArray[np.float32]] | None = None,
    peaks: Mapping[str, Peaks] | None = None,
    **more: Any,
) -> tuple[AuditInputs, SplitData]:
    """What a check is given."""
    names = dict.fromkeys(
        one.chrom
        for part in (chosen.split.train, chosen.split.validation, chosen.split.test)
        for one in part
    )
    own = genome() if codes is None else codes
    none = (
        flat(*[1.0] * len(chosen.controls))
        if chosen.controls
        else {chrom: np.empty((0, LENGTH), np.float32) for chrom in CHROMS}
    )
    given = none if control is None else control
    dataset = Dataset(
        chosen.window.geometry,
        {chrom: own[chrom] for chrom in names},
        {chrom: target[chrom] for chrom in names},
        {chrom: given[chrom] for chrom in names},
        tuple(binning_of(one.signal) for one in chosen.targets),
        tuple(binning_of(one.signal) for one in chosen.controls),
        peaks or {},
    )
    data = SplitData(chosen, dataset, select_windows(chosen, dataset))
    return AuditInputs(chosen, data=data, **more), data
