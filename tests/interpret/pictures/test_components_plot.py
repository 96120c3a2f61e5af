"""Principal components are eigenvectors of the covariance; dots have the colour of their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zooctl.interpret.pictures.components_plot import draw_components, principal_components


@given(seed=st.integers(0, 30))
def test_against_the_covariance(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(12, 5)) * [5.0, 3.0, 1.0, 1.0, 0.5]
    found = principal_components(values.astype(np.float32))
    sizes, axes = np.linalg.eigh(np.cov(values.T))
    expected = (values - values.mean(axis=0)) @ axes[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(found.scores), np.abs(expected), atol=1e-4)
    np.testing.assert_allclose(found.shares, sizes[[-1, -2]] / sizes.sum(), rtol=1e-4)


def test_rows_that_do_not_differ() -> None:
    found = principal_components(np.ones((3, 4), np.float32))
    assert found.scores.tolist() == [[0.0, 0.0]] * 3
    assert found.shares.tolist() == [0.0, 0.0]


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    # Left of the colour bar.
    return set(map(tuple, pixels[:, : int(0.82 * pixels.shape[1])].reshape(-1, 3).tolist()))


def test_colours(tmp_path: Path) -> None:
    found = principal_components(np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [2.0, -1.0]]))
    draw_components(tmp_path / "a.png", found, None, label="", title="t")
    draw_components(tmp_path / "b.png", found, np.arange(4.0), label="reads", title="t")
    assert (0x00, 0x72, 0xB2) in colours(tmp_path / "a.png")
    # The ends of viridis.
    assert {(68, 1, 84), (253, 231, 37)} <= colours(tmp_path / "b.png")
