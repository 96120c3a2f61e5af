"""Datasets of recipes with samples, tables of values and tables of variants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_inputs
import toy_training as toy

from zooctl.errors import InputError
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.feed import cut, validation_batches
from zooctl.training.data.prepare import prepare
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop.fit import draw

ALONE = {
    "inputs": [],
    "features": None,
    "samples": [],
    "network": {"key": "factornet", "filters": 4, "kernel": 4, "units": 2},
}


def data_of(path: Path) -> tuple[Any, Dataset, list[str]]:
    recipe, sources = toy_inputs.recipe_of(path)
    said: list[str] = []
    return recipe, prepare(recipe, sources, [path.parent / "toy.fa"], said.append), said


def test_each_window_is_read_in_a_sample_with_all_that_is_the_samples(tmp_path: Path) -> None:
    recipe, dataset, _ = data_of(toy_inputs.write_cells(tmp_path))
    assert (dataset.n_samples, dataset.n_tracks) == (2, 1)
    assert dataset.features is not None
    np.testing.assert_allclose(dataset.features, np.log1p([[3, 1.5], [0, 1.5]]), rtol=1e-6)

    windows = choose_windows(recipe, dataset)
    epoch = draw(recipe, windows, 0)
    assert 0.3 < epoch.sample.mean() < 0.7
    batch = cut(recipe, dataset, epoch, 0)
    sample = epoch.sample[: recipe.batch_size]
    assert batch.signals is not None
    assert batch.features is not None
    assert batch.signals.shape == (32, 1, 64)
    assert (batch.signals[:, 0] == 1 - sample[:, None]).all()
    np.testing.assert_array_equal(batch.features, dataset.features[sample])
    assert np.nanmax(batch.target[sample == 0]) == 1
    assert np.nanmax(batch.target[sample == 1]) == 0
    assert not np.array_equal(draw(recipe, windows, 1).sample, epoch.sample), "drawn anew"


def test_validation_reads_every_window_in_every_sample(tmp_path: Path) -> None:
    recipe, dataset, _ = data_of(toy_inputs.write_cells(tmp_path))
    windows = choose_windows(recipe, dataset)
    batches = list(validation_batches(dataset, windows.validation, 50))
    n = len(windows.validation)
    features = np.concatenate([batch.features for batch in batches if batch.features is not None])
    assert len(features) == 2 * n
    assert (features[:n] == features[0]).all()
    assert (features[n:] == features[-1]).all()
    codes = np.concatenate([batch.codes for batch in batches])
    np.testing.assert_array_equal(codes[:n], codes[n:])


def test_mean_of_the_targets_is_over_all_samples(tmp_path: Path) -> None:
    recipe, dataset, _ = data_of(toy_inputs.write_cells(tmp_path))
    region = (recipe.split.train[0].interval(toy.LENGTH),)
    mean = dataset.mean(dataset.target, region)
    assert mean.shape == (1,)
    _, alone, _ = data_of(toy_inputs.rewrite(tmp_path / "toy.yaml", {"peaks_a": "a.bed"}, **ALONE))
    assert mean[0] == pytest.approx(alone.mean(alone.target, region)[0] / 2)


def test_transforms_of_inputs_act_on_bases(tmp_path: Path) -> None:
    signal = {"key": "bigwig", "source": "open_a", "transform": "arcsinh"}
    path = toy_inputs.write_cells(tmp_path)
    recipe, _ = toy_inputs.recipe_of(path)
    document = recipe.model_dump(mode="json") | {"inputs": [{"name": "open", "signal": signal}]}
    files = {source["id"]: source["file"] for source in document.pop("sources")}
    _, dataset, _ = data_of(toy_inputs.rewrite(path, files, **document))
    batch = dataset.batch(["chr1", "chr1"], np.array([5, 500]), np.array([0, 1]))
    assert batch.signals is not None
    np.testing.assert_allclose(batch.signals[0], np.arcsinh(1), rtol=1e-6)
    assert (batch.signals[1] == 0).all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("gene\ta\nMYC\t3\nCTCF\t1\n", "table has no such column"),
        ("gene\ta\tb\nMYC\t3\t0\nCTCFL\t1\t1\n", "did you mean 'CTCFL'"),
        ("gene\ta\tb\nMYC\t3\tx\nCTCF\t1\t1\n", "b is not a number"),
    ],
)
def test_a_table_that_lacks_what_is_asked(tmp_path: Path, table: str, message: str) -> None:
    path = toy_inputs.write_cells(tmp_path)
    (tmp_path / "genes.tsv").write_text(table)
    with pytest.raises(InputError, match=message):
        data_of(path)


def test_variants_have_both_alleles_and_their_effect(tmp_path: Path) -> None:
    recipe, dataset, _ = data_of(toy_inputs.write_variants(tmp_path))
    assert dataset.variants is not None
    assert len(dataset.variants) == 325, "those of the other cell are not meant"
    windows = choose_windows(recipe, dataset)
    epoch = draw(recipe, windows, 0)
    batch = cut(recipe, dataset, epoch, 0)
    assert batch.alternative is not None
    differ = batch.alternative != batch.codes
    assert (differ.sum(axis=1) == 1).all()
    # Half of the core before the variant, and the window's own shift.
    places = np.nonzero(differ)[1]
    np.testing.assert_array_equal(places, 32 - epoch.shift[: len(places)])
    assert len(set(places.tolist())) > 3
    a = batch.alternative[differ] == 0
    np.testing.assert_array_equal(batch.target[:, 0, 0], a.astype(np.float32))


def test_variants_stay_in_their_part(tmp_path: Path) -> None:
    recipe, dataset, _ = data_of(toy_inputs.write_variants(tmp_path))
    windows = choose_windows(recipe, dataset)
    assert dataset.variants is not None
    at = dataset.variants.position
    trained, validated = at[windows.positives.variant], at[windows.validation.variant]
    # Windows of 64 bp, moved by up to 4.
    assert trained.max() + 32 + 4 <= 25_000 <= validated.min() - 32
    assert validated.max() + 32 <= 30_000
    assert len(trained) > 100
    assert len(validated) > 100
