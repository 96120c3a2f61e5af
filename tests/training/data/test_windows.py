"""Every kind of window: who is positive, who negative; parts of a split share no base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_training as toy
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.peaks import Peaks
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.exclusion import allowed
from zooctl.training.data.feed import cut
from zooctl.training.data.sampling import Chunks, draw_matched, epoch_windows
from zooctl.training.data.windows import (
    TrainingWindows,
    check_disjoint,
    choose_windows,
    gc_strata,
    inputs,
    training_windows,
)
from zooctl.training.loop.fit import draw, fit
from zooctl.training.tracks.bin_values_and_labels import Binning

DATA = toy.dataset()
WINDOWS: dict[str, dict[str, Any]] = {
    "coverage_threshold": {"threshold": 8.0, "stride": 32, "negatives": 1.0},
    "peak_centred": {"sources": ["signal"], "merge_overlap": 20, "negatives": 2.0},
    "tiling": {"stride": 16},
    "fixed_bins": {"stride": 8, "negatives": 1.0},
}


def labelled(**changes: Any) -> tuple[Recipe, Dataset]:
    """The toy with labels, peaks where the signal is, and windows of the given kind."""
    key = changes.pop("key")
    document: dict[str, Any] = {"windows": {"key": key, **WINDOWS[key]}}
    data: dict[str, Any] = {"geometry": DATA.geometry}
    if key == "fixed_bins":
        window = {"input_length": 64, "output_length": 8, "bin_size": 8, "core_length": 8}
        document["window"] = window
        document["targets"] = [{"track": "toy", "signal": {"key": "peaks", "source": "signal"}}]
        document["network"] = toy.recipe().network.model_dump() | {"output": "logit"}
        document["loss"] = {"key": "binary_cross_entropy"}
        document |= {"controls": [], "exclude": {"regions": ["input"]}}
    recipe = toy.recipe(**document, **changes)
    signal = DATA.target["chr1"]
    if key == "fixed_bins":
        signal = (signal > 0).astype(np.float32)
        data = {"geometry": recipe.window.geometry, "target_binning": (Binning("label"),)}
    edges = np.flatnonzero(np.diff(np.r_[0, (DATA.target["chr1"][0] > 0).astype(np.int8), 0]))
    start, end = edges.reshape(-1, 2)[::40].T
    peaks = {"signal": Peaks(np.full(len(start), "chr1"), start, end, None, None)}
    return recipe, Dataset(
        codes=DATA.codes,
        target={"chr1": signal},
        control={"chr1": DATA.control["chr1"][: len(recipe.controls)]},
        peaks=peaks,
        **data,
    )


@pytest.mark.parametrize("key", WINDOWS)
@pytest.mark.parametrize("shift", [0, 7])
def test_no_part_of_a_split_shares_a_base(key: str, shift: int) -> None:
    """Over the inputs that are cut, epoch by epoch, flanks and shifts included."""
    augmentation = {"reverse_complement": True, "max_shift": shift}
    recipe, data = labelled(key=key, augmentation=augmentation)
    windows = choose_windows(recipe, data)
    used = np.zeros(toy.LENGTH, np.int8)
    for start, end in inputs(data, windows.validation, "chr1", 0):
        used[start:end] |= 2
    used[30_000:] |= 4  # the test range
    for epoch in range(3):
        drawn = epoch_windows(
            windows.positives,
            windows.negatives,
            n_negatives=windows.n_negatives(recipe),
            max_shift=shift,
            reverse_complement=True,
            seed=recipe.seed,
            epoch=epoch,
        )
        assert len(drawn.chunks) == windows.n_epoch(recipe)
        for start in drawn.chunks.start - data.geometry.input_flank + drawn.shift:
            used[start : start + 64] |= 1
    assert set(np.unique(used)) <= {0, 1, 2, 4}
    assert {1, 2} <= set(np.unique(used))


@settings(max_examples=80, deadline=None)
@given(
    key=st.sampled_from(sorted(WINDOWS)),
    cuts=st.lists(st.integers(1, 399), min_size=2, max_size=2, unique=True),
    shift=st.integers(0, 40),
)
def test_any_ranges_stay_apart(key: str, cuts: list[int], shift: int) -> None:
    first, second = (100 * cut for cut in sorted(cuts))
    split = {
        "train": [{"chrom": "chr1", "start": 0, "end": first}],
        "validation": [{"chrom": "chr1", "start": first, "end": second}],
        "test": [{"chrom": "chr1", "start": second, "end": toy.LENGTH}],
    }
    recipe, data = labelled(key=key, split=split, augmentation={"max_shift": shift})
    try:
        windows = choose_windows(recipe, data)
    except InputError as error:  # a range too short for a window, or all N
        assert error.what.startswith("no ")  # noqa: PT017
        assert min(first, second - first) < 3_000
        return
    for chunks in (windows.positives, windows.negatives):
        assert inputs(data, chunks, "chr1", shift).max(initial=0) <= first
    held_out = inputs(data, windows.validation, "chr1", 0)
    assert held_out.min() >= first
    assert held_out.max() <= second


@pytest.mark.parametrize("key", WINDOWS)
def test_flanking_windows_stay_in_their_part(key: str) -> None:
    """With their own targets, and as they are shifted."""
    augmentation = {"max_shift": 5, "flanking": 40}
    recipe, data = labelled(key=key, augmentation=augmentation)
    windows = choose_windows(recipe, data)
    epoch = draw(recipe, windows, 0)
    assert len(epoch.chunks) == windows.n_epoch(recipe)
    assert windows.n_epoch(recipe) == 3 * len(windows.positives) + windows.n_negatives(recipe)
    starts = epoch.chunks.start + epoch.shift - data.geometry.input_flank
    assert starts.min() >= 0
    assert (starts + data.geometry.input_length).max() <= 25_000
    batch = cut(recipe, data, epoch, 0)
    flank = (data.geometry.input_length - data.geometry.output_length) // 2
    expected = data.targets("chr1", starts[: recipe.batch_size] + flank)
    np.testing.assert_array_equal(batch.target, expected)


@pytest.mark.parametrize(
    ("part", "start"), [("validation", 24_990), ("validation", 29_990), ("positives", 25_010)]
)
def test_a_shared_base_is_refused(part: str, start: int) -> None:
    recipe = toy.recipe()
    good = choose_windows(recipe, DATA)
    stray = Chunks(("chr1",), np.array([0]), np.array([start]))
    windows = TrainingWindows(**{**vars(good), part: stray})
    if part == "positives":
        windows = TrainingWindows(stray, good.negatives, good.validation)
    with pytest.raises(InputError, match="share bases") as caught:
        check_disjoint(recipe, DATA, windows)
    assert caught.value.exit_code == 2
    assert caught.value.hint == "leave more room between ranges of one chromosome"
    check_disjoint(recipe, DATA, good)


def test_tiling_takes_every_known_window() -> None:
    recipe, data = labelled(key="tiling", augmentation={"max_shift": 0})
    windows = choose_windows(recipe, data)
    # Cores from 16 on, every 16 bp, the last ending 16 bp before 25,000; less those half N.
    starts = np.arange(16, 25_000 - 16 - 32 + 1, 16)
    known = [(DATA.codes["chr1"][start : start + 32] == 4).mean() <= 0.5 for start in starts]
    assert windows.positives.start.tolist() == starts[known].tolist()
    assert windows.n_epoch(recipe) == len(windows.positives)


def test_peak_windows_hold_a_peak_and_negatives_none() -> None:
    recipe, data = labelled(key="peak_centred", augmentation={"max_shift": 5})
    windows = choose_windows(recipe, data)
    peaks = data.peaks["signal"]
    for start, end in inputs(data, windows.positives, "chr1", 0):
        assert ((peaks.start < end) & (peaks.end > start)).any()
    for start, end in inputs(data, windows.negatives, "chr1", 5):
        assert not ((peaks.start < end) & (peaks.end > start)).any()
    assert windows.n_negatives(recipe) == 2 * len(windows.positives)


def test_fixed_bins_are_labelled_and_unknown_ones_left_out() -> None:
    recipe, data = labelled(key="fixed_bins", augmentation={"max_shift": 0})
    windows = choose_windows(recipe, data)
    signal = data.target["chr1"][0]

    def inside(chunks: Chunks) -> set[int]:
        return {int(signal[start : start + 8].sum()) for start in chunks.start}

    assert inside(windows.positives) == {4, 5, 6, 7, 8}
    assert inside(windows.negatives) == {0}


def test_labelled_bins_train(tmp_path: Path) -> None:
    """Unknown labels, which shifts bring, neither stop the training nor count in it."""
    recipe, data = labelled(
        key="fixed_bins", augmentation={"max_shift": 4}, schedule={"max_epochs": 2}
    )
    windows = choose_windows(recipe, data)
    assert np.isnan(cut(recipe, data, draw(recipe, windows, 0), 0).target).any()
    done = fit(recipe, data, windows, tmp_path, device="cpu", say=len, advance=abs)
    assert done.history[1]["train_loss"] < done.history[0]["train_loss"] < 0.8


def test_gc_matched_negatives_have_the_gc_of_positives() -> None:
    rng = np.random.default_rng(3)
    positives = rng.integers(8, 14, 500)
    negatives = rng.integers(0, 20, 20_000)
    drawn = draw_matched(rng, positives, negatives, 1_000)
    assert len(set(drawn.tolist())) == 1_000
    expected = 2 * np.bincount(positives, minlength=20)
    assert np.bincount(negatives[drawn], minlength=20).tolist() == expected.tolist()


@settings(deadline=None)
@given(
    positives=st.lists(st.integers(0, 5), min_size=1, max_size=20),
    negatives=st.lists(st.integers(0, 5), min_size=1, max_size=30),
    share=st.floats(0, 1),
)
def test_a_matched_draw_has_its_size(
    positives: list[int], negatives: list[int], share: float
) -> None:
    size = int(share * len(negatives))
    drawn = draw_matched(
        np.random.default_rng(0), np.array(positives), np.array(negatives), size
    ).tolist()
    assert len(drawn) == len(set(drawn)) == size
    assert set(drawn) <= set(range(len(negatives)))


def test_gc_matching_reaches_the_epoch() -> None:
    kind = {**WINDOWS["coverage_threshold"], "negatives": 0.2, "matching": "gc"}
    recipe = toy.recipe(windows={"key": "coverage_threshold", **kind})
    windows = choose_windows(recipe, DATA)
    n_negatives = windows.n_negatives(recipe)
    options: dict[str, Any] = {"max_shift": 0, "reverse_complement": False, "seed": 1, "epoch": 0}
    drawn = epoch_windows(windows.positives, windows.negatives, n_negatives=n_negatives, **options)
    held = set(windows.positives.start.tolist())
    negative = drawn.chunks.take(np.array([s not in held for s in drawn.chunks.start.tolist()]))
    assert len(negative) == n_negatives
    positives, got, negatives = (
        np.bincount(gc_strata(DATA, chunks), minlength=20)
        for chunks in (windows.positives, negative, windows.negatives)
    )
    share = positives * n_negatives / positives.sum()
    assert (negatives >= share + 1)[positives > 0].sum() > 4
    assert (abs(got - share) < 1)[(negatives >= share + 1) & (positives > 0)].mean() > 0.7
    assert np.abs(got - share).sum() <= 0.1 * n_negatives + 10


def test_gc_content_by_hand() -> None:
    codes = np.zeros(200, np.uint8)
    codes[64:96] = 1  # C in half of the second input
    codes[96:112] = 4  # N is not counted
    data = Dataset(DATA.geometry, {"chr1": codes}, DATA.target, DATA.control)
    chunks = Chunks(("chr1",), np.zeros(2, np.int64), np.array([16, 80]))
    assert gc_strata(data, chunks).tolist() == [0, 20 * 32 // 48]


def test_excluded_and_unmappable_places_are_left_out() -> None:
    recipe = toy.recipe(
        controls=[],
        exclude={
            "mappability": {"source": "input", "min_value": 0.5, "max_unmappable": 0.25},
            "regions": ["input"],
        },
    )
    excluded, unmappable = np.zeros((2, toy.LENGTH), np.bool_)
    excluded[1_000] = True
    unmappable[2_000:2_008] = True
    unmappable[3_000:3_009] = True
    data = Dataset(
        DATA.geometry,
        DATA.codes,
        DATA.target,
        DATA.control,
        excluded={"chr1": excluded},
        unmappable={"chr1": unmappable},
    )
    # Output is 16 bp wider than the core of 32 on either side, and may move by 4.
    starts = np.array([948, 949, 1_020, 1_021, 2_000, 3_000])
    chunks = Chunks(("chr1",), np.zeros(6, np.int64), starts)
    expected = [True, False, False, True, True, False]
    assert allowed(recipe, data, chunks, margin=4).tolist() == expected


def test_a_split_without_validation_is_refused() -> None:
    split = {"train": ["chr1"], "validation": [], "test": []}
    with pytest.raises(InputError, match="no window to validate on"):
        choose_windows(toy.recipe(split=split), DATA)


@pytest.mark.parametrize(
    ("n_windows", "n_steps"), [(1, 1), (32, 1), (33, 1), (34, 2), (64, 2), (65, 2), (66, 3)]
)
def test_a_last_step_of_one_window_is_left_out(n_windows: int, n_steps: int) -> None:
    chunks = Chunks(("chr1",), np.zeros(n_windows, np.int64), np.arange(n_windows))
    windows = TrainingWindows(chunks, chunks.take(np.arange(0)), chunks)
    assert windows.n_steps(toy.recipe(batch_size=32)) == n_steps


def test_chunks_of_gopher_on_real_data(repo: Path) -> None:
    """3,072 bp side by side with a base of 5 reads or more, counted from the bigWig itself."""
    recipe = load_recipe(repo / "recipes/ctcf_gm12878.yaml")
    geometry, end = recipe.window.geometry, 53_000_000
    path = repo / "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"
    with BigWig(path) as track:
        signal = np.nan_to_num(track.values("chr20", 0, end)).astype(np.float32)
    data = Dataset(
        geometry,
        {"chr20": np.zeros(end, np.uint8)},
        {"chr20": signal[None]},
        {"chr20": signal[None, :0]},
    )
    windows = {
        "key": "coverage_threshold",
        "threshold": 5,
        "threshold_over": "chunk",
        "stride": 3_072,
        "negatives": 0,
    }
    changed = recipe.model_dump(mode="json", exclude_defaults=True) | {"windows": windows}
    positives, _ = training_windows(Recipe.model_validate(changed), data)
    chunks = signal[: end // 3_072 * 3_072].reshape(-1, 3_072).max(axis=1)
    assert len(positives) == (chunks >= 5).sum() == 1_285
    starts = positives.start - geometry.input_flank - 512
    assert (starts == np.flatnonzero(chunks >= 5) * 3_072).all()
