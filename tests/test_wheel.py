"""The wheel alone, in an empty folder, in an environment with its dependencies and nothing else.

The environment is made offline: its site-packages holds links to the files of exactly those
distributions that the wheel requires (extras left out), taken from the environment of the tests.
That torch is absent there is part of what is proven.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pyBigWig
import pytest
from packaging.requirements import Requirement

MODEL = "ctcf_gm12878"


def run(*command: str | Path, cwd: Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    kept = {"PATH", "HOME", "ZOOCTL_HOME", "LANG"}
    environment = {key: value for key, value in os.environ.items() if key in kept}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert not ok or done.returncode == 0, done.stderr
    return done


def required(name: str, found: set[str]) -> set[str]:
    """Names of a distribution and of all that it requires on this platform, extras left out."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in found:
        return found
    found.add(name)
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            required(requirement.name, found)
    return found


def link_distribution(name: str, site: Path) -> None:
    """Link the top-level files and folders of an installed distribution into ``site``."""
    distribution = importlib.metadata.distribution(name)
    for top in {path.parts[0] for path in distribution.files or []} - {"..", "__pycache__"}:
        target = site / top
        if not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(top))))


@pytest.fixture(scope="module")
def wheel(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-build-isolation",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
        "-w",
        folder,
        repo,
        cwd=folder,
    )
    (found,) = folder.glob("zooctl-*.whl")
    return found


@pytest.fixture(scope="module")
def zooctl(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command as a user has it after ``pip install dist/zooctl-*.whl``."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in sorted(required("zooctl", set()) - {"zooctl"}):
        link_distribution(name, site)
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        folder / "bin" / "python",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
        wheel,
        cwd=folder,
    )
    return folder / "bin" / "zooctl"


def test_the_wheel_is_small_and_carries_the_catalog(wheel: Path) -> None:
    from zipfile import ZipFile

    names = set(ZipFile(wheel).namelist())
    assert f"zooctl/entries/model_cards/{MODEL}.yaml" in names
    assert f"zooctl/entries/recipes/{MODEL}.yaml" in names
    assert f"zooctl/entries/zoo/{MODEL}/manifest.json" in names
    assert f"zooctl/entries/zoo/{MODEL}/model.onnx" in names
    assert "zooctl/entries/recipes/data/motifs/JASPAR2022_vertebrates.pfm" in names
    data = {name for name in names if name.endswith((".bw", ".fa.gz"))}
    assert {name.rsplit("/", 2)[-2] for name in data} == {"example"}
    assert wheel.stat().st_size < 40_000_000


def test_there_is_no_torch(zooctl: Path, tmp_path: Path) -> None:
    done = run(zooctl.parent / "python", "-c", "import zooctl, torch", cwd=tmp_path, ok=False)
    assert "No module named 'torch'" in done.stderr


def test_list_and_info(zooctl: Path, tmp_path: Path) -> None:
    assert MODEL in run(zooctl, "list", cwd=tmp_path).stdout
    known = json.loads(run(zooctl, "info", MODEL, "--json", cwd=tmp_path).stdout)
    assert known["weights_at"] == "local"


def test_python_interface(zooctl: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.resources, zooctl; "
        "assert (importlib.resources.files('zooctl') / 'py.typed').is_file(); "
        f"print(zooctl.load('{MODEL}').predict(['N' * 2048]).shape)"
    )
    assert run(zooctl.parent / "python", "-c", code, cwd=tmp_path).stdout == "(1, 1, 64)\n"
    assert run(zooctl.parent / "python", "-m", "zooctl", "--version", cwd=tmp_path).stdout


def test_every_command_but_training_works(zooctl: Path, tmp_path: Path) -> None:
    listed = re.findall(r"^  ([a-z-]+)  ", run(zooctl, "--help", cwd=tmp_path).stdout, re.MULTILINE)
    assert {"predict", "compare", "genome", "train", "evaluate"} <= set(listed)
    for command in listed:
        run(zooctl, command, "--help", cwd=tmp_path)
    assert "ok" in run(zooctl, "check", MODEL, cwd=tmp_path).stdout.lower()
    assert json.loads(run(zooctl, "schema", "card", cwd=tmp_path).stdout)["title"] == "Card"


def test_the_example_is_enough_to_predict(zooctl: Path, tmp_path: Path) -> None:
    run(zooctl, "example", "get", "example", cwd=tmp_path)
    fasta, bed = "example/hg19.chr21.fa.gz", "example/regions.bed"
    run(zooctl, "predict", "--model", MODEL, "--bed", bed, "--fasta", fasta, cwd=tmp_path)
    with pyBigWig.open(str(tmp_path / f"regions.{MODEL}.bw")) as track:
        assert len(track.intervals("chr21", 39_600_000, 39_900_000)) == 300_000 // 32


def test_training_says_what_it_needs(zooctl: Path, wheel: Path, tmp_path: Path) -> None:
    done = run(zooctl, "train", MODEL, cwd=tmp_path, ok=False)
    assert done.returncode == 2
    assert done.stderr == f"error: training needs torch. Hint: pip install '{wheel}[train]'\n"
    assert not any(tmp_path.iterdir())


def test_predict_with_a_fasta(zooctl: Path, repo: Path, tmp_path: Path) -> None:
    fasta = repo / "recipes" / "data" / "hg19_chr20_chr21" / "hg19.chr21.fa.gz"
    region = "chr21:33,000,001-33,100,000"
    run(
        zooctl,
        "predict",
        "--model",
        MODEL,
        "--region",
        region,
        "--fasta",
        fasta,
        "-o",
        "a.bw",
        cwd=tmp_path,
    )
    with pyBigWig.open(str(tmp_path / "a.bw")) as track:
        assert track.chroms() == {"chr21": 48129895}
        assert len(track.intervals("chr21", 33_000_000, 33_100_000)) == 100_000 // 32
    compared = run(zooctl, "compare", "a.bw", "a.bw", "--json", cwd=tmp_path)
    assert {round(row["pearson"], 6) for row in json.loads(compared.stdout)["resolutions"]} == {1.0}
    done = run(zooctl, "predict", "--model", MODEL, "--region", region, cwd=tmp_path, ok=False)
    assert done.returncode == 2
    assert "zooctl genome fetch hg19" in done.stderr


@pytest.mark.parametrize("folder", [".", "docs"])
def test_first_predict_in_the_checkout(
    zooctl: Path, repo: Path, tmp_path: Path, folder: str
) -> None:
    """The first command of the README, after `pip install .`, and one of its evaluations' data."""
    region = "chr21:33,000,000-33,100,000"
    output = tmp_path / "a.bw"
    given = ["--model", "h3k36me3_brain", "--region", region, "-o", output]
    done = run(zooctl, "predict", *given, cwd=repo / folder)
    assert "genome: hg19, in part: " in done.stderr
    with pyBigWig.open(str(output)) as track:
        assert len(track.intervals("chr21", 33_000_000, 33_100_000)) > 100
    located = run(zooctl, "data", "fetch", MODEL, cwd=repo / folder).stdout
    assert str(repo / "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw") in located
    done = run(zooctl, "predict", *given[:-1], tmp_path / "b.bw", cwd=tmp_path, ok=False)
    assert done.returncode == 2
    assert "work in a checkout of zooctl" in done.stderr
