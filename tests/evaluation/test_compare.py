"""bigWig against bigWig: moments against SciPy, streaming against one pass, what absence means."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from zooctl.errors import InputError
from zooctl.evaluation import compare as module
from zooctl.evaluation.compare import Missing, compare
from zooctl.evaluation.metrics import regression
from zooctl.evaluation.metrics.moments import PairMoments
from zooctl.evaluation.metrics.profiles import agreement
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.sequence.intervals import Interval

CONTIGS = {"chr20": 40_000, "chr21": 30_011}
VALUES = st.floats(-1e6, 1e6, allow_subnormal=False)


def write(path: Path, tracks: dict[str, np.ndarray], bin_size: int) -> BigWig:
    with BigWigWriter(path, CONTIGS) as writer:
        for chrom, values in tracks.items():
            writer.add_bins(chrom, 0, values, bin_size)
    return BigWig(path)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[BigWig, BigWig]:
    """A with a gap in bins of 32, B per base with many absent zeros."""
    folder = tmp_path_factory.mktemp("tracks")
    rng = np.random.default_rng(4)
    a, b = {}, {}
    for chrom, length in CONTIGS.items():
        a[chrom] = rng.gamma(2, 1, -(-length // 32)).astype(np.float32)
        base = np.repeat(a[chrom], 32)[:length] * rng.gamma(2, 1, length)
        b[chrom] = np.where(rng.random(length) < 0.5, np.nan, base).astype(np.float32)
        a[chrom][200:300] = np.nan
    return write(folder / "a.bw", a, 32), write(folder / "b.bw", b, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(VALUES, VALUES), max_size=20), min_size=1, max_size=6))
def test_merged_moments_are_those_of_the_whole(parts: list[list[tuple[float, float]]]) -> None:
    merged = PairMoments()
    for part in parts:
        x, y = np.array(part, dtype=np.float64).reshape(-1, 2).T
        merged = merged.merge(PairMoments.of(x, y))
    x, y = np.array([pair for part in parts for pair in part]).reshape(-1, 2).T
    assert merged.n == len(x)
    whole = PairMoments.of(x, y)
    for name in ("mean_x", "mean_y", "xx", "yy", "xy", "absolute", "mse"):
        expected = getattr(whole, name)
        assert getattr(merged, name) == pytest.approx(expected, rel=1e-9, abs=1e-3, nan_ok=True)


def test_pearson_against_scipy_far_from_zero() -> None:
    # A mean of 10^6 beside a spread of 1 breaks sums of squares; merged moments keep 9 digits.
    rng = np.random.default_rng(0)
    x = rng.normal(size=10_000) + 1e6
    y = x + rng.normal(size=10_000)
    merged = PairMoments()
    for part in np.array_split(np.arange(10_000), 37):
        merged = merged.merge(PairMoments.of(x[part], y[part]))
    assert merged.pearson == pytest.approx(pearsonr(x, y).statistic, rel=1e-9)
    assert merged.mse == pytest.approx(np.mean((x - y) ** 2), rel=1e-9)


def test_figures_by_hand() -> None:
    # x doubled is y but for the last pair; scaling to the mean of y: factor 8 / 4.
    moments = PairMoments.of(np.array([1.0, 2, 3]), np.array([2.0, 4, 9]))
    assert moments.mse == pytest.approx((1 + 4 + 36) / 3)
    assert moments.mae == pytest.approx((1 + 2 + 6) / 3)
    factor = 15 / 6
    expected = ((factor - 2) ** 2 + (2 * factor - 4) ** 2 + (3 * factor - 9) ** 2) / 3
    assert moments.scaled_mse == pytest.approx(expected)


def test_no_value() -> None:
    assert math.isnan(PairMoments().pearson)
    assert math.isnan(PairMoments().mse)
    assert math.isnan(PairMoments().mean_x)
    assert math.isnan(PairMoments().mean_y)
    flat = np.full(1000, np.float32(0.1))
    assert math.isnan(PairMoments.of(flat, np.arange(1000.0)).pearson)
    merged = PairMoments.of(flat[:300], np.arange(300.0)).merge(
        PairMoments.of(flat[300:], np.ones(700))
    )
    assert math.isnan(merged.pearson)


def plain(
    a: BigWig, b: BigWig, regions: list[Interval], size: int, missing: Missing
) -> tuple[np.ndarray, np.ndarray]:
    """The definition, bin by bin."""
    pairs = []
    for chrom, length in CONTIGS.items():
        x, y = a.values(chrom, 0, length), b.values(chrom, 0, length)
        if missing is Missing.ZERO:
            x = np.nan_to_num(x)
        if missing is not Missing.SKIP:
            y = np.nan_to_num(y)
        for start in range(0, length, size):
            centre = start + size // 2
            if not any(r.chrom == chrom and r.start <= centre < r.end for r in regions):
                continue
            here = slice(start, min(start + size, length))
            both = ~np.isnan(x[here]) & ~np.isnan(y[here])
            if 2 * both.sum() >= size:
                pairs.append((x[here][both].mean(dtype=float), y[here][both].mean(dtype=float)))
    left, right = np.array(pairs).T
    return left, right


@pytest.mark.parametrize("missing", list(Missing))
@pytest.mark.parametrize(
    "regions",
    [
        [Interval("chr20", 0, 40_000), Interval("chr21", 0, 30_011)],
        [Interval("chr21", 5_003, 29_999)],
        [Interval("chr20", 100, 600), Interval("chr20", 400, 900), Interval("chr21", 7, 2_000)],
        [Interval("chr20", i, i + 300) for i in range(0, 39_000, 700)],
    ],
)
def test_streaming_equals_the_definition(
    tracks: tuple[BigWig, BigWig],
    regions: list[Interval],
    missing: Missing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 4096)
    for found in compare(*tracks, regions, resolutions=(32, 96, 512), missing=missing):
        x, y = plain(*tracks, regions, found.resolution, missing)
        assert found.moments.n == len(x)
        assert found.moments.pearson == pytest.approx(pearsonr(x, y).statistic, rel=1e-9)
        assert found.moments.mean_x == pytest.approx(x.mean())
        assert found.moments.mse == pytest.approx(np.mean((x - y) ** 2))


def test_how_regions_are_cut_does_not_matter(tracks: tuple[BigWig, BigWig]) -> None:
    whole = compare(*tracks, [Interval("chr20", 1_000, 9_000)])
    cut = [Interval("chr20", i, i + 50) for i in range(8_950, 999, -50)]
    assert compare(*tracks, cut + cut[:7]) == whole


def test_without_regions_all_shared_contigs(tracks: tuple[BigWig, BigWig]) -> None:
    everything = [Interval(chrom, 0, length) for chrom, length in CONTIGS.items()]
    assert compare(*tracks) == compare(*tracks, everything)


def test_no_bin_of_one_size_has_no_figure(tracks: tuple[BigWig, BigWig]) -> None:
    # Ten bases hold the centre of one bin of 4 bp or more, and of none of 512.
    fine, none = compare(*tracks, [Interval("chr21", 0, 10)], resolutions=(4, 512))
    assert fine.to_json()["mean_a"] is not None
    figures = none.to_json()
    counts = ("resolution", "bins", "selected", "missing_a", "missing_b", "profiles")
    assert [figures[name] for name in counts] == [512, 0, 0, 0, 0, 0]
    assert {value for name, value in figures.items() if name not in counts} == {None}


@pytest.mark.parametrize("missing", list(Missing))
def test_missing_bins_are_counted_whatever_they_mean(
    tracks: tuple[BigWig, BigWig], missing: Missing
) -> None:
    (found,) = compare(*tracks, [Interval("chr20", 0, 12_800)], resolutions=[32], missing=missing)
    sides = [track.values("chr20", 0, 12_800).reshape(-1, 32) for track in tracks]
    expected = [int((2 * (~np.isnan(side)).sum(axis=1) < 32).sum()) for side in sides]
    assert [found.missing_a, found.missing_b] == expected
    assert min(expected) > 0


def test_missing_bins_are_counted(tracks: tuple[BigWig, BigWig]) -> None:
    (found,) = compare(
        *tracks, [Interval("chr20", 0, 12_800)], resolutions=[32], missing=Missing.SKIP
    )
    assert found.selected == 400
    assert found.missing_a == 100
    assert 0 < found.missing_b < 400
    assert found.moments.n < 300


def test_absent_coverage_is_zero_unless_told(tmp_path: Path) -> None:
    # Bins of 8 bp: A is 1, 2, 3, 4; B has an entry under the second and fourth only.
    a = write(tmp_path / "a.bw", {"chr20": np.array([1, 2, 3, 4], dtype=np.float32)}, 8)
    values = np.array([np.nan, 2, np.nan, 4], dtype=np.float32)
    b = write(tmp_path / "b.bw", {"chr20": values}, 8)
    region = [Interval("chr20", 0, 40)]
    means = {
        missing: compare(a, b, region, resolutions=[8], missing=missing)[0].moments
        for missing in Missing
    }
    assert [means[m].n for m in (Missing.B_ZERO, Missing.SKIP, Missing.ZERO)] == [4, 2, 5]
    assert means[Missing.B_ZERO].mean_y == pytest.approx(1.5)
    assert means[Missing.SKIP].mean_y == pytest.approx(3.0)
    assert means[Missing.ZERO].mean_x == pytest.approx(2.0)


def test_refused(tracks: tuple[BigWig, BigWig], tmp_path: Path) -> None:
    a, b = tracks
    with pytest.raises(InputError, match="no bin to compare"):
        compare(a, b, [Interval("chr20", 7_000, 7_500)], resolutions=[32])
    with pytest.raises(InputError, match="contig is not in both") as caught:
        compare(a, b, [Interval("20", 0, 500)])
    assert "style" in str(caught.value)
    with pytest.raises(InputError, match="not a positive"):
        compare(a, b, resolutions=[0])
    with pytest.raises(InputError, match="common multiple"):
        compare(a, b, resolutions=[9973, 9967])
    for contigs, message in (({"chr20": 41_000}, "length of chr20"), ({"20": 40_000}, "no contig")):
        path = tmp_path / f"{message}.bw"
        with BigWigWriter(path, contigs) as writer:
            writer.add_bins(next(iter(contigs)), 0, np.ones(4, np.float32), 32)
        with pytest.raises(InputError, match=message):
            compare(a, BigWig(path))


def test_needs_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys, zooctl.evaluation.compare, zooctl.cli.commands.compare; "
        "print([m for m in ('torch', 'sklearn', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_against_scipy_on_measured_coverage(repo: Path) -> None:
    folder = repo / "recipes" / "data" / "ctcf_gm12878_hg19"
    region = Interval("chr21", 33_000_000, 33_500_000)
    with (
        BigWig(folder / "GM12878_CTCF_5M.hg19.chr20_21.bw") as ctcf,
        BigWig(folder / "GM12878_Input_5M.hg19.chr20_21.bw") as control,
    ):
        found = compare(ctcf, control, [region], resolutions=[512], missing=Missing.ZERO)[0]
        # Bins whose centre is inside: the first whole bin begins at 32,999,936.
        first, last = 64_453, 64_453 + found.moments.n
        sides = [
            np.nan_to_num(track.values("chr21", first * 512, last * 512)).reshape(-1, 512).mean(1)
            for track in (ctcf, control)
        ]
    assert found.moments.n == 977
    assert found.moments.pearson == pytest.approx(pearsonr(*sides).statistic, rel=1e-6)


def test_profiles_are_windows_of_the_grid_without_a_gap(tracks: tuple[BigWig, BigWig]) -> None:
    a, b = tracks
    region = [Interval("chr20", 1_000, 30_000)]
    shapes = {
        "jensen_shannon": regression.jensen_shannon,
        "pearson_per_sequence": regression.pearson_per_sequence,
    }
    fine, coarse = compare(a, b, region, resolutions=(32, 4_096), shapes=shapes)
    # From 2,048 on; A has no value from 6,400 to 9,600.
    starts = [start for start in range(2_048, 28_000, 2_048) if not 4_352 < start < 9_600]
    assert fine.profiles == len(starts)
    rows = [
        np.stack([np.nan_to_num(side.values("chr20", start, start + 2_048)) for start in starts])
        for side in (a, b)
    ]
    profiles = [side.reshape(len(starts), -1, 32).mean(axis=2) for side in rows]
    found = fine.to_json()
    for name, shape in shapes.items():
        assert found[name] == pytest.approx(np.nanmean(shape(*profiles)), rel=1e-5)
    # One bin has no shape.
    assert coarse.profiles == 0
    assert coarse.to_json()["jensen_shannon"] is None


def test_profiles_do_not_depend_on_chunks(
    tracks: tuple[BigWig, BigWig], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = {"jensen_shannon": regression.jensen_shannon}
    whole = compare(*tracks, resolutions=(32, 96), shapes=shapes)
    monkeypatch.setattr(module, "_CHUNK", 1)
    for one, other in zip(
        whole, compare(*tracks, resolutions=(32, 96), shapes=shapes), strict=True
    ):
        assert one.profiles == other.profiles
        assert one.to_json()["jensen_shannon"] == pytest.approx(other.to_json()["jensen_shannon"])


@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_errors_are_those_of_evaluate(factor: float) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.gamma(1, 1, (2, 500))
    x *= factor
    moments = PairMoments.of(x[:100], y[:100]).merge(PairMoments.of(x[100:], y[100:]))
    errors = agreement(x, y, (x.reshape(50, 10), y.reshape(50, 10)), y.mean() / x.mean())
    assert moments.scale == pytest.approx(errors.scale)
    for name in ("mse", "mae", "r2", "poisson_nll"):
        assert getattr(moments, name) == pytest.approx(getattr(errors.unscaled, name))
    for name in ("mse", "r2", "poisson_nll"):
        assert getattr(moments, f"scaled_{name}") == pytest.approx(getattr(errors.scaled, name))


def test_poisson_nll_at_its_limits() -> None:
    assert PairMoments.of(np.array([0.0, 1.0]), np.array([1.0, 1.0])).poisson_nll == math.inf
    assert PairMoments.of(np.array([0.0, 1.0]), np.array([0.0, 1.0])).poisson_nll == 0.5
    assert math.isnan(PairMoments.of(np.array([-1.0]), np.array([1.0])).poisson_nll)
    assert math.isnan(PairMoments.of(np.array([0.0, 0.0]), np.array([1.0, -1.0])).poisson_nll)
    assert math.isnan(PairMoments().poisson_nll)
