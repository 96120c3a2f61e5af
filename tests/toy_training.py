"""A data set whose answer is known: signal follows every TGA, control is flat."""

from __future__ import annotations

from typing import Any

import numpy as np

from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset

LENGTH = 40_000


def recipe(**changes: Any) -> Recipe:
    """A recipe that trains in a second."""
    source = {
        "accession": None,
        "url": None,
        "size": 1,
        "licence": "MIT",
        "citation": "made up",
        "assembly": "toy",
        "assay": "ChIP-seq",
        "biosample": "none",
        "output_type": "coverage",
    }
    document: dict[str, Any] = {
        "name": "toy",
        "sources": [
            {"id": "signal", "file": "s.bw", "sha256": "a" * 64, **source},
            {"id": "input", "file": "i.bw", "sha256": "b" * 64, **source},
        ],
        "genome": {"assembly": "toy"},
        "split": {
            "train": [{"chrom": "chr1", "start": 0, "end": 25_000}],
            "validation": [{"chrom": "chr1", "start": 25_000, "end": 30_000}],
            "test": [{"chrom": "chr1", "start": 30_000, "end": LENGTH}],
        },
        "window": {"input_length": 64, "output_length": 64, "bin_size": 8, "core_length": 32},
        "unknown_base": 0.0,
        "targets": [{"track": "toy", "signal": {"key": "bigwig", "source": "signal"}}],
        "controls": [{"name": "input", "signal": {"key": "bigwig", "source": "input"}}],
        "windows": {"key": "coverage_threshold", "threshold": 8, "stride": 32, "negatives": 1.0},
        "network": {
            "key": "bpnet",
            "filters": 8,
            "first_kernel": 5,
            "dilated_layers": 1,
            "profile_kernel": 3,
            "dropout": 0.1,
        },
        "loss": {"key": "poisson_nll"},
        "augmentation": {"reverse_complement": False, "max_shift": 4},
        "optimiser": {"key": "adam", "lr": 0.02, "clip_norm": 5.0},
        "schedule": {"max_epochs": 3, "plateau_decay": {"factor": 0.5, "patience": 1}},
        "batch_size": 32,
        "seed": 11,
        "threads": 1,
        "unknown": {"sources.*.accession": "made up", "sources.*.url": "made up"},
    }
    return Recipe.model_validate(document | changes)


def dataset() -> Dataset:
    """Random sequence; 10 on the 8 bases from every TGA on, control 1 everywhere."""
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 4, LENGTH).astype(np.uint8)
    codes[100:400] = 4
    signal = np.zeros((1, LENGTH), np.float32)
    hits = (codes[:-2] == 3) & (codes[1:-1] == 2) & (codes[2:] == 0)
    for start in np.flatnonzero(hits):
        signal[0, start : start + 8] = 10
    control = np.ones((1, LENGTH), np.float32)
    geometry = recipe().window.geometry
    return Dataset(geometry, {"chr1": codes}, {"chr1": signal}, {"chr1": control})
