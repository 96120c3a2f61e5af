"""`zooctl attribute` as typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zooctl.cli.main import run

Runner = Callable[..., tuple[int, str, str]]
SITE = "chr21:39,731,881-39,731,900"
FEW = ["--references", "2", "--device", "cpu", "--threads", "1"]


@pytest.fixture
def zooctl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Runner:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_a_folder_has_all_files(zooctl: Runner, tmp_path: Path) -> None:
    code, out, err = zooctl("attribute", "ctcf_gm12878", "--region", SITE, "-o", "why/", *FEW)
    assert code == 0, err
    names = ["importance.bw", "sequences.npz", "hypothetical.npz", "importance.h5", "regions.tsv"]
    assert out.split() == [f"why/{name}" for name in [*names, "chr21_39731881-39731900.png"]]
    assert all((tmp_path / name).stat().st_size for name in out.split())
    assert "convergence: contributions miss" in err
    # The site has its C at 39,731,901 to 39,731,912; the table names a base in it.
    row = (tmp_path / "why/regions.tsv").read_text().splitlines()[1].split("\t")
    assert 39_731_870 <= int(row[6]) <= 39_731_920
    code, _, err = zooctl("attribute", "ctcf_gm12878", "--region", SITE, "-o", "why/", *FEW)
    assert code == 2
    assert "--force" in err


def test_one_file_and_json(zooctl: Runner, tmp_path: Path) -> None:
    arguments = ["attribute", "ctcf_gm12878", "--region", SITE, "--method", "input_x_gradient"]
    code, out, err = zooctl(*arguments, "-o", "a.bw", "--width", "100", "--json", "--check", *FEW)
    assert code == 0
    assert "with deeplift" in err
    document = json.loads(out)
    assert (document["method"], document["width"], document["files"]) == (
        "input_x_gradient",
        100,
        ["a.bw"],
    )
    assert document["median_delta"] is None
    assert document["checks"]["other_method"] == "deeplift"
    assert abs(document["checks"]["random_weights"]) < document["checks"]["agreement"]


def test_a_picture_is_of_one_region(zooctl: Runner, tmp_path: Path) -> None:
    both = ["--region", SITE, "--region", "chr21:33,949,001-33,949,100"]
    arguments = ["attribute", "ctcf_gm12878", "--method", "saliency", "--width", "60", *FEW]
    code, _, err = zooctl(*arguments, *both, "-o", "a.svg")
    assert code == 2
    assert "Hint: -o importance/" in err
    code, _, err = zooctl(*arguments, *both[:2], "-o", "a.svg")
    assert code == 0, err
    assert "saliency" in (tmp_path / "a.svg").read_text()
    code, _, err = zooctl(*arguments, *both, "-o", "importance/", "--pictures", "0")
    assert code == 0, err
    found = np.load(tmp_path / "importance/hypothetical.npz")["arr_0"]
    assert found.shape == (2, 4, 60)


def test_a_graph_alone_is_told_the_method_that_fits(zooctl: Runner) -> None:
    code, _, err = zooctl("attribute", "pwm_ctcf", "--region", SITE, *FEW)
    assert code == 2
    assert "expected ism, which needs predictions alone" in err
    arguments = ["--method", "ism", "--width", "30", "-o", "a.h5", *FEW]
    code, out, err = zooctl("attribute", "pwm_ctcf", "--region", SITE, *arguments)
    assert (code, out.strip()) == (0, "a.h5"), err
