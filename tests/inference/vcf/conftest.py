"""Scoring models of a network that nobody asks anything, for the texts of their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from toy_genome import toy_genome

from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.inference.vcf.info_fields import ScoringModel, WrittenTrack
from zooctl.sequence.windows import Geometry

LENGTHS = Geometry(input_length=64, output_length=32, bin_size=8, core_length=16)

Make = Callable[..., ScoringModel]


@pytest.fixture(scope="session")
def network(linear_network: Callable[..., bytes]) -> VariantModel:
    weights = np.ones((1, 4, 64), dtype=np.float32)
    return VariantModel(linear_network(weights, LENGTHS), LENGTHS, 1, 0.25, "none", "signal", (0,))


@pytest.fixture
def make(network: VariantModel) -> Make:
    """``(name, tracks, top, scale, statistics)`` to a model."""

    def call(
        name: str,
        tracks: Sequence[str],
        top: bool = False,
        scale: str = "signal",
        statistics: Sequence[str] = ("sum",),
    ) -> ScoringModel:
        scorer = Scorer(
            replace(network, scale=scale),  # type: ignore[arg-type]
            toy_genome(),
            statistics=statistics,  # type: ignore[arg-type]
            batch_size=2,
            threads=1,
            device="cpu",
        )
        written = tuple(WrittenTrack(i, track, "reads") for i, track in enumerate(tracks))
        return ScoringModel(name, "1.0.0", "ab" * 32, "hg19", written, top, scorer)

    return call
