"""Alternatives by their cone: the same bits whatever is kept, and what a single window compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from toy_genome import toy_genome

from zooctl.inference.variants import shared_strand
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import decode
from zooctl.sequence.windows import Geometry

Build = Callable[..., bytes]

GEOMETRY = Geometry(input_length=303, output_length=303, bin_size=1, core_length=101)
GENOME = toy_genome()


@pytest.fixture(scope="module")
def network(conv_network: Build) -> VariantModel:
    model = conv_network(GEOMETRY, 6, 5, 3, "pointwise", 3)
    return VariantModel(model, GEOMETRY, 2, 0.0, "none", "log", (1, 0))


@pytest.fixture(autouse=True)
def every_network_shares(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("zooctl.inference.variants.shared.LEAST_GAIN", 0)
    monkeypatch.setattr("zooctl.inference.engine.network.LEAST_GAIN", 0)
    return


def records(n: int) -> list[list[Allele]]:
    """All SNVs of some bases, with MNVs and indels at the same places between them."""
    chrom = next(iter(GENOME.contigs))
    found = []
    for start in range(400, 400 + 3 * n, 3):
        ref = decode(GENOME.padded_codes(chrom, start, start + 3))
        found.append([Allele(chrom, start, ref[0], alt) for alt in "ACGT" if alt != ref[0]])
        other = (
            "".join("CATG"["ACGT".index(base)] for base in ref) if set(ref) <= set("ACGT") else ""
        )
        if other:
            found.append([Allele(chrom, start, ref, other), Allele(chrom, start, ref[0], "GATTA")])
    return found


def values(network: VariantModel, **options: object) -> np.ndarray:
    chosen: dict[str, object] = {"n_shifts": 5, "threads": 1, "device": "cpu", "engine": "auto"}
    scorer = Scorer(network, GENOME, **(chosen | options))  # type: ignore[arg-type]
    scored = [one for some in scorer.score(records(12)) for one in some]
    return np.array([[one.ref, one.alt, one.score] for one in scored])


@pytest.mark.parametrize("statistics", [("sum",), ("max",), ("delta",)])
@pytest.mark.parametrize("both", [False, True])
def test_what_is_kept_changes_no_bit(
    network: VariantModel,
    statistics: tuple[str, ...],
    both: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {"statistics": statistics, "reverse_complement": both, "distance": 20}
    kept = values(network, **options)
    monkeypatch.setattr(shared_strand, "_KEPT_BYTES", 0)
    np.testing.assert_array_equal(values(network, **options), kept)
    alone = values(network, **options, engine="plain")
    np.testing.assert_allclose(kept, alone, rtol=1e-5, atol=1e-5)


def test_one_window_and_a_distance(network: VariantModel) -> None:
    """As SpliceAI scores: one window, and bases within a distance, on both strands."""
    options = {"statistics": ("delta", "local"), "n_shifts": 1, "max_shift": 0, "distance": 10}
    for both in (False, True):
        together = values(network, **options, reverse_complement=both)
        alone = values(network, **options, reverse_complement=both, engine="plain")
        np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5)
