"""Box-car smoothing against a loop over bases, and what `compare` makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from toy_files import write_bigwig

from zooctl.cli.main import run
from zooctl.evaluation.smooth import box_means, read_smoothed
from zooctl.files.bigwig.reader import BigWig

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("width", [1, 2, 5, 50])
def test_means_are_those_of_a_loop(width: int) -> None:
    values = RNG.gamma(1, 2, 200)
    values[RNG.random(200) < 0.2] = np.nan
    before, after = width // 2, (width - 1) // 2
    found = box_means(values, before, after)
    for place in range(200):
        box = values[max(0, place - before) : place + after + 1]
        if np.isnan(values[place]):
            assert np.isnan(found[place])
        else:
            assert found[place] == pytest.approx(np.nanmean(box))


def test_a_part_of_a_contig_is_smoothed_as_the_whole(tmp_path: Path) -> None:
    write_bigwig(tmp_path / "a.bw", RNG.gamma(1, 2, 500).astype(np.float32))
    with BigWig(tmp_path / "a.bw") as track:
        whole, _ = read_smoothed(track, "chr1", 0, 500, 21, absent_is_zero=True)
        part, has = read_smoothed(track, "chr1", 100, 140, 21, absent_is_zero=True)
    np.testing.assert_allclose(part, whole[100:140], rtol=1e-9)
    assert has.all()


def test_smoothing_takes_noise_out_of_a_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = np.repeat(RNG.gamma(1, 3, 50), 100).astype(np.float32)
    for name in ("a", "b"):
        write_bigwig(tmp_path / f"{name}.bw", slow + RNG.gamma(1, 3, 5000).astype(np.float32))
    given = ["compare", str(tmp_path / "a.bw"), str(tmp_path / "b.bw"), "--resolution", "10"]
    found = []
    for smooth in ("1", "51"):
        assert run([*given, "--json", "--smooth", smooth]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[1]["smooth"] == 51
    first, second = (one["resolutions"][0]["pearson"] for one in found)
    assert second > first + 0.04
