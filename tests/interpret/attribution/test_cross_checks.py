"""Cross-checks: methods agree on a trained network, and random weights end the agreement."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from zooctl.catalog import registry
from zooctl.errors import InputError
from zooctl.files.intervals.regions import Regions
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.attribution.attribute import attribute
from zooctl.interpret.attribution.cross_checks import cross_check, spearman
from zooctl.interpret.attribution.regions import place, read_windows
from zooctl.interpret.options import AttributeOptions
from zooctl.progress import no_progress, silent

SITES = ("chr21:39,731,881-39,731,920", "chr21:33,949,001-33,949,040")


def model(name: str) -> OpenModel:
    return OpenModel(registry.entry(name), SessionOptions(device="cpu", threads=1))


def test_ranks_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 3, 50))
    expected = [scipy.stats.spearmanr(a, b).statistic for a, b in zip(one, two, strict=True)]
    np.testing.assert_allclose(spearman(one, two), expected, atol=1e-12)


def test_random_weights_end_importances() -> None:
    opened = model("ctcf_gm12878")
    with opened.genome(None, silent, no_progress) as genome:
        regions = Regions(None, SITES).within(genome.contigs)
        placed = place(regions, opened.card.geometry, 200, 0)
        windows = read_windows(genome, regions, placed.starts, 2048)
    options = AttributeOptions(references=5)
    found = attribute(
        opened, windows, "deeplift", bins=placed.bins, span=placed.span, options=options
    )
    checks = cross_check(
        opened, windows, found, bins=placed.bins, span=placed.span, options=options
    )
    assert checks.other_method == "input_x_gradient"
    assert checks.agreement > 0.2
    assert abs(checks.random_weights) < 0.15
    # The entry's own network is as it was.
    again = attribute(
        opened, windows, "deeplift", bins=placed.bins, span=placed.span, options=options
    )
    np.testing.assert_array_equal(again.importance, found.importance)


def test_a_graph_alone_has_none() -> None:
    opened = model("pwm_ctcf")
    windows = np.zeros((1, 2066), np.uint8)
    found = attribute(opened, windows, "ism", span=(1000, 1010))
    with pytest.raises(InputError, match="no cross-checks"):
        cross_check(opened, windows, found, options=AttributeOptions())
