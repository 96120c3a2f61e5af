"""Recipes: typed values, and agreement among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.recipe.recipe import load_recipe

RECIPE = "recipes/toy.yaml"


def test_a_recipe(toy_zoo: Path) -> None:
    recipe = load_recipe(toy_zoo / RECIPE)
    assert recipe.network.key == "bpnet"
    assert recipe.window.geometry.n_bins == 4
    assert recipe.optimiser.betas == (0.9, 0.999)
    assert recipe.source("minus").size == 2_020_170
    assert recipe.optimiser.clip_norm is None


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("signal: {key: bigwig, source: plus}", "signal: {key: bigwig, source: plsu}",
         "targets.0.signal.source"),
        ("signal: {key: bigwig, source: plus}", "signal: {key: python, source: plus}",
         "targets.0.signal.key"),
        ("signal: {key: bigwig, source: plus}", "signal: {key: bigwig, source: plus, statistic: 1}",
         "targets.0.signal.statistic"),
        ("key: coverage_threshold", "key: coverage", "windows.key"),
        ("threshold: 2, stride", "threshold: 2, strides", "windows.strides"),
        ("track: minus", "track: plus", "targets"),
        ("[[plus, minus]]", "[[plus, minor]]", "strand_pairs.0"),
        ("[[plus, minus]]", "[[plus, minus], [minus, plus]]", "strand_pairs"),
        ("strand_pairs: [[plus, minus]]", "controls:\n  - {name: in, signal: {key: bigwig, "
         "source: plus}}\nstrand_pairs: [[plus, in]]", "strand_pairs.0"),
        ("core_length: 16", "core_length: 12", "window.core_length"),
        ("filters: 4", "filters: -4", "network.filters"),
        ("filters: 4", "filtres: 4", "network.filtres"),
        ("key: bpnet", "key: os.system", "network.key"),
        ("key: poisson_nll", "key: poisson", "loss.key"),
        ("key: poisson_nll", "key: binary_cross_entropy", "loss.key"),
        ("lr: 0.001", "lr: 0", "optimiser.lr"),
        ("lr: 0.001", "betas: [0.9]", "optimiser.betas.1"),
        ("factor: 0.3", "factor: 1.5", "schedule.plateau_decay.factor"),
        ("batch_size: 4", "batch_size: 0", "batch_size"),
        ("threads: 1", "threads: 0", "threads"),
        ("threads: 1", "threads: 1_0", "threads"),
        ("genome: {assembly: hg19}", "genome: {assembly: hg38}", "sources.0.assembly"),
        ("file: toy/plus.bw", "file: ../plus.bw", "sources.0.file"),
        ("file: toy/plus.bw", "file: /etc/passwd", "sources.0.file"),
        ("file: toy/plus.bw", "file: toy/.hidden", "sources.0.file"),
        ("negatives: 1.0", "negatives: 1.0, max_control: 3", "windows.max_control"),
        ("  - id: minus", "  - id: plus", "sources"),
        ("  - {track: minus, signal: {key: bigwig, source: minus}}\n", "", "sources.1.id"),
        ("seed: 1", "seed: 9223372036854775808", "seed"),
        ("end: 63025520", "end: 53000000", "split.validation.0.end"),
        ("train: [{chrom: chr20, start: 0, end: 53000000}]", "train: []", "split.train"),
    ],
)  # fmt: skip
def test_faults(toy_zoo: Path, old: str, new: str, field: str) -> None:
    text = (toy_zoo / RECIPE).read_text()
    assert old in text
    (toy_zoo / RECIPE).write_text(text.replace(old, new, 1))
    with pytest.raises(ZooError) as caught:
        load_recipe(toy_zoo / RECIPE)
    error = caught.value
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    assert field in [one.field for one in errors]
    assert all(isinstance(one, InputError) and one.line for one in errors)


def test_every_recipe_of_the_repository_is_one(repo: Path) -> None:
    for path in (repo / "recipes").glob("*.yaml"):
        assert load_recipe(path).name == path.stem
