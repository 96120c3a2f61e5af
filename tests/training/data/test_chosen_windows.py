"""Windows of start sites on their strand, of accessible regions, and balanced validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_inputs
import toy_training as toy

from zooctl.errors import InputError
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import decode, reverse_complement
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.feed import cut, validation_batches
from zooctl.training.data.prepare import prepare
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop.fit import draw

CODES = toy.dataset().codes["chr1"]
MOTIF = "TGAC"


def sites(strand: str) -> list[int]:
    """First base of each motif, as read on a strand."""
    text = decode(CODES)
    word = MOTIF if strand == "+" else "GTCA"
    return [at for at in range(64, len(text) - 64) if text[at : at + 4] == word]


def start_sites(folder: Path, columns: int = 6, **changes: Any) -> tuple[Recipe, Dataset]:
    """A peak at every TGAC, of 4 bp on the forward strand and of 12 on the reverse one."""
    path = toy_inputs.write_cells(folder)
    lines = [("chr1", at, at + 4, "s", "0", "+") for at in sites("+")]
    lines += [("chr1", at - 4, at + 8, "b", "0", "-") for at in sites("-")]
    text = "".join("\t".join(map(str, line[:columns])) + "\n" for line in lines)
    (folder / "starts.bed").write_text(text)
    recipe, _ = toy_inputs.recipe_of(path)
    document = recipe.model_dump(mode="json")
    label = {"key": "peaks", "source": "starts", "min_overlap": 0.01}
    document |= {
        "sources": [document["sources"][0] | {"id": "starts", "file": "starts.bed"}],
        "targets": [
            {"track": "sharp", "signal": label | {"max_width": 4}},
            {"track": "broad", "signal": label | {"min_width": 5}},
            {"track": "none", "signal": {"key": "background", "sources": ["starts"]}},
        ],
        "inputs": [],
        "features": None,
        "samples": [],
        "windows": {
            "key": "peak_centred",
            "sources": ["starts"],
            "negatives": 1.0,
            "merge_overlap": 64,
            "stranded": True,
        },
        "validation_windows": {"negatives": 0.5},
        "augmentation": {},
        "network": {"key": "thesis_tss", "filters": 4, "kernel": 4, "hidden": 8},
        "loss": {"key": "categorical_cross_entropy"},
    }
    recipe = Recipe.model_validate(document | changes)
    sources = {"starts": folder / "starts.bed"}
    return recipe, prepare(recipe, sources, [folder / "toy.fa"], lambda line: None)


def test_a_window_is_read_on_the_strand_of_its_start_site(tmp_path: Path) -> None:
    recipe, dataset = start_sites(tmp_path)
    windows = choose_windows(recipe, dataset)
    assert windows.positives.reverse is not None
    assert 0.3 < windows.positives.reverse.mean() < 0.7
    epoch = draw(recipe, windows, 0)
    found = 0
    for step in range(windows.n_steps(recipe)):
        batch = cut(recipe, dataset, epoch, step)
        for codes, target in zip(batch.codes, batch.target[:, :, 0], strict=True):
            text = decode(codes)
            # The middle of a peak of 4 is its third base, and of 12 its seventh; a window of
            # the reverse strand is cut one base later, as its length is even.
            if target[2] == 0:
                found += MOTIF in text[28:36]
    assert found == len(windows.positives)


def test_classes_are_sharp_broad_and_none(tmp_path: Path) -> None:
    _, dataset = start_sites(tmp_path)
    starts = np.arange(64, 20_000, 32)
    targets = dataset.targets("chr1", starts)[..., 0]
    for start, labels in zip(starts.tolist(), targets, strict=True):
        sharp = any(at < start + 32 and at + 4 > start for at in sites("+"))
        broad = any(at - 4 < start + 32 and at + 8 > start for at in sites("-"))
        # A label needs no more than one base of a hundred, which is one of 32.
        assert labels.tolist() == [float(sharp), float(broad), float(not (sharp or broad))]


def test_validation_is_balanced_as_stated_and_on_its_strands(tmp_path: Path) -> None:
    recipe, dataset = start_sites(tmp_path)
    chunks = choose_windows(recipe, dataset).validation
    batches = list(validation_batches(dataset, chunks, 16))
    background = np.concatenate([batch.target[:, 2, 0] for batch in batches])
    n_positive = int((background == 0).sum())
    assert int((background == 1).sum()) == round(0.5 * n_positive)
    assert chunks.reverse is not None
    codes = np.concatenate([batch.codes for batch in batches])
    for row, start in enumerate((chunks.start - 16).tolist()):
        window = CODES[start : start + 64]
        expected = reverse_complement(window) if chunks.reverse[row] else window
        np.testing.assert_array_equal(codes[row], expected)
    again = choose_windows(recipe, dataset).validation
    np.testing.assert_array_equal(again.start, chunks.start)
    assert chunks.start.min() >= 25_000
    assert chunks.start.max() < 30_000


def test_peaks_without_strands_are_refused(tmp_path: Path) -> None:
    recipe, dataset = start_sites(tmp_path, columns=3)
    with pytest.raises(InputError, match="without strands") as caught:
        choose_windows(recipe, dataset)
    assert caught.value.field == "windows.stranded"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"validation_windows": None}, "validation_windows"),
        ({"augmentation": {"reverse_complement": True}}, "augmentation.reverse_complement"),
        ({"windows": {"key": "tiling", "stride": 32}}, "validation_windows"),
    ],
)
def test_choices_that_exclude_each_other_are_refused(
    tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        start_sites(tmp_path, **changes)


def test_accessible_windows_and_a_stated_number_of_closed_ones(tmp_path: Path) -> None:
    windows = {"key": "accessible_regions", "sources": ["starts"], "stride": 32, "closed": 40}
    recipe, dataset = start_sites(tmp_path, windows=windows)
    chosen = choose_windows(recipe, dataset)
    assert chosen.n_negatives(recipe) == 40
    assert chosen.n_epoch(recipe) == len(chosen.positives) + 40
    peaks = dataset.peaks["starts"]

    def meets(start: int) -> bool:
        return bool(((peaks.start < start + 32) & (peaks.end > start)).any())

    assert all(meets(start) for start in chosen.positives.start.tolist())
    assert not any(meets(start) for start in chosen.negatives.start.tolist())
    tiles = len(range(32, 25_000 - 16 - 32 + 1, 32)) - 9  # 300 N leave 9 cores out
    assert len(chosen.positives) + len(chosen.negatives) == pytest.approx(tiles, abs=1)
    few = Recipe.model_validate(recipe.model_dump() | {"windows": windows | {"closed": 10**6}})
    assert chosen.n_negatives(few) == len(chosen.negatives)
