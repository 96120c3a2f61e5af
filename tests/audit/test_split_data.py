"""Layout of an audit's data: units, parts, rows of samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import toy_audit as toy

from zooctl.audit.inputs import target_rows
from zooctl.audit.split_data import SplitData
from zooctl.audit.window_stats import composition, core_stats, share_reaching
from zooctl.schema.recipe.inputs import Sample

SIGNAL = {"key": "bigwig", "source": "signal"}
TILING = {"windows": {"key": "tiling", "stride": 32}}


def test_parts_are_the_windows_inside_their_regions() -> None:
    _, data = toy.inputs(toy.recipe(), toy.every(4))
    for part in ("train", "validation", "test"):
        # Inputs reach 16 bp beyond a core and must not leave the contig.
        assert data.parts[part].start.tolist() == list(range(32, 3_937, 32))


def test_windows_that_tile_are_laid_out_in_bins_of_the_evaluation() -> None:
    rules = {"bin_size": 100, "positive_min_signal": 8}
    _, data = toy.inputs(toy.recipe(evaluation=rules, **TILING), toy.every(4))
    assert data.unit == 100
    assert data.parts["test"].start.tolist() == list(range(0, 4_000, 100))
    # Bases 16, 144, 272, … are high.
    high = {place // 100 for place in range(16, 4_000, 128)}
    assert set(np.flatnonzero(data.labels["test"][0])) == high


def test_a_share_of_bases_may_have_to_reach_the_signal() -> None:
    signal = toy.flat(0.0)
    for chrom in toy.CHROMS:
        signal[chrom][:, 0:60] = 10  # 60 of the first 100 bases
        signal[chrom][:, 100:140] = 10
    rules = {"bin_size": 100, "positive_min_signal": 8, "positive_share": 0.5}
    _, data = toy.inputs(toy.recipe(evaluation=rules, **TILING), signal)
    assert np.flatnonzero(data.labels["test"][0]).tolist() == [0]
    assert data.rule == "50% of 100 bases reach 8"
    shares = share_reaching(data.units, data.parts["test"], 8.0)
    np.testing.assert_allclose(shares[0, :3], [0.6, 0.4, 0.0])


def test_windows_that_are_mostly_unknown_are_left_out() -> None:
    codes = toy.genome()
    codes["chr3"][320:337] = 4  # 17 of 32 bases
    codes["chr3"][640:656] = 4  # half
    _, data = toy.inputs(toy.recipe(), toy.every(4), codes=codes)
    starts = data.parts["test"].start.tolist()
    assert 320 not in starts
    assert 640 in starts
    gc, unknown = composition(data.dataset, data.parts["test"])
    row = starts.index(640)
    known = codes["chr3"][656:672]
    assert unknown[row] == 0.5
    assert gc[row] == np.isin(known, (1, 2)).mean(dtype=np.float32)


def test_mean_and_highest_leave_unknown_labels_out() -> None:
    signal = toy.flat(1.0)
    signal["chr1"][:, 32:48] = np.nan
    signal["chr1"][:, 48:56] = 5
    _, data = toy.inputs(toy.recipe(**TILING), signal)
    mean, highest = core_stats(data.dataset, data.evaluation_windows["validation"])
    assert set(mean[0]) == {1.0}
    train = data.windows.positives
    mean, highest = core_stats(data.dataset, train)
    row = train.start.tolist().index(32)
    assert (mean[0, row], highest[0, row]) == (3.0, 5.0)


def test_tracks_in_samples_are_rows() -> None:
    chosen = toy.recipe().model_copy(
        update={
            "samples": (
                Sample(name="a"),
                Sample(name="b", sources={"signal": "other"}),
            )
        }
    )
    assert [(row.name, row.track, row.signal.source) for row in target_rows(chosen)] == [
        ("toy in a", "toy", "signal"),
        ("toy in b", "toy", "other"),
    ]


def test_units_that_reach_the_threshold_and_not_the_ratio_are_unknown() -> None:
    control = toy.flat(1.0)
    for chrom in toy.CHROMS:
        control[chrom][:, 128:160] = 4  # beside the high base at 144
    chosen = toy.recipe(controls=[{"name": "input", "signal": SIGNAL}])
    _, data = toy.inputs(chosen, toy.every(4), control=control)
    starts, labels = data.parts["test"].start, data.labels["test"][0]
    assert starts[np.isnan(labels)].tolist() == [128]
    assert starts[labels == 1].tolist() == list(range(256, 3_937, 128))
    assert data.rule == "the highest of 32 bases is at least 8, and 3 times the control"


def test_excluded_places_are_left_out_of_every_part() -> None:
    mask = np.zeros(toy.LENGTH, np.bool_)
    mask[1_000] = True
    _, whole = toy.inputs(toy.recipe(), toy.every(4))
    dataset = replace(whole.dataset, excluded=dict.fromkeys(toy.CHROMS, mask))
    data = SplitData(whole.recipe, dataset, whole.windows)
    for part in ("train", "validation", "test"):
        # An output of 64 bases reaches 16 beyond its core of 32.
        missing = set(range(32, 3_937, 32)) - set(data.parts[part].start.tolist())
        assert missing == {960, 992}
