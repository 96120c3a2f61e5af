"""The summary of `zooctl score-variants`."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.cli.ui.score_report import say_done
from zooctl.inference.vcf.report import ScoredVcf
from zooctl.inference.vcf.tally import Tally


def scored(seconds: dict[str, float], n_now: int = 100) -> ScoredVcf:
    tally = Tally(records=100)
    for _ in range(100):
        tally.count(list(seconds), ["OK"] * len(seconds))
    return ScoredVcf(
        source="in.vcf",
        outputs=(Path("out.vcf"),),
        tally=tally,
        n_scored_now=n_now,
        seconds=20.0,
        model_seconds=seconds,
        settings={},
        notes=(),
        out_of_order=None,
        longest=dict.fromkeys(seconds, 10),
    )


def test_each_model_has_its_own_speed(capsys: pytest.CaptureFixture[str]) -> None:
    say_done(scored({"quick": 2.0, "slow": 10.0}))
    err = capsys.readouterr().err
    assert "quick: scored: 100 of 100 alleles in 100 records, 50 alleles/s" in err
    assert "slow: scored: 100 of 100 alleles in 100 records, 10 alleles/s" in err


def test_one_model_has_the_speed_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    say_done(scored({"one": 2.0}))
    assert "scored: 100 of 100 alleles in 100 records, 5 alleles/s" in capsys.readouterr().err


def test_a_slow_model_has_a_speed(capsys: pytest.CaptureFixture[str]) -> None:
    say_done(scored({"quick": 2.0, "slow": 2_000.0}))
    assert "slow: scored: 100 of 100 alleles in 100 records, 0.05 alleles/s" in (
        capsys.readouterr().err
    )


def test_nothing_was_left_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    done = scored({"quick": 1.0, "slow": 1.0}, n_now=0)
    done = ScoredVcf(**{**done.__dict__, "model_seconds": {}})
    say_done(done)
    assert "100 records, 0 alleles/s" in capsys.readouterr().err
