"""`zooctl benchmark` as typed, on the toy and on the pairs of alleles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.cli.main import run

QUICK = ["--bootstrap", "20", "--threads", "1", "--device", "cpu"]
PAIRS = ["--set", "allele_specific_ctcf", "--statistic", "max"]


@pytest.fixture(autouse=True)
def _mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["benchmark", "pwm_ctcf", *PAIRS, "--shifts", "1", "--max-shift", "0", *QUICK]) == 0
    title, head, model, *baselines = capsys.readouterr().out.splitlines()
    assert title == "allele_specific_ctcf"
    assert head.split()[:5] == ["model", "track", "statistic", "sequence", "SNVs"]
    assert model.split()[:6] == ["pwm_ctcf", "CTCF", "MAX_DIFF", "drawn", "flanks", "396"]
    assert [row[:9] for row in baselines] == ["GC change", "differenc"]


def test_json_and_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["benchmark", "pwm_ctcf", *PAIRS, "--shifts", "2", "--json", *QUICK]) == 0
    (board,) = json.loads(capsys.readouterr().out)
    (report,) = board["models"][0]["elements"]
    share = report["same_sign"]["robust"]
    assert 0.5 < share["low"] < share["value"] < share["high"] < 1
    # The better motif of HOCOMOCO over the variant itself, counted apart from the program.
    motif = report["baselines"]["difference of CTCF_HUMAN.H11MO.0.A"]["same_sign"]["value"]
    assert motif == pytest.approx(0.751, abs=5e-4)
    missing = str(tmp_path / "none.tsv")
    assert run(["benchmark", "pwm_ctcf", "--set", missing, *QUICK]) == 2
    assert "none.tsv" in capsys.readouterr().err
