"""`zooctl tune` as typed, with the real Ray in a process of its own and real files."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import toy_training as toy

from zooctl.cli.commands import tune
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.files.disk.pinned import file_digest
from zooctl.reproduction.environment.software_digest import digest, software
from zooctl.schema import strict_yaml
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.schema.strict_yaml import dumps
from zooctl.sequence.onehot import decode
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop.fit import fit
from zooctl.training.tune.trials import folder_of
from zooctl.training.tune.tune import run_trial

SPACE = "optimiser.lr: {choice: [1.0e-7, 0.03]}\nnetwork.filters: {choice: [4, 8]}\n"

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="RAY MISSING: pip install 'ray[tune]' to test searches",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the toy's genome, signals, recipe and space; the mirror of its data."""
    data = toy.dataset()
    sequence = decode(data.codes["chr1"])
    (tmp_path / "toy.fa").write_text(f">chr1\n{sequence}\n")
    document = toy.recipe().model_dump(mode="json", exclude_defaults=True)
    for source, signals in zip(document["sources"], (data.target, data.control), strict=True):
        path = tmp_path / source["file"]
        with BigWigWriter(path, {"chr1": toy.LENGTH}, force=False) as writer:
            writer.add_bins("chr1", 0, signals["chr1"][0], 1)
        source["sha256"], source["size"] = file_digest(path), path.stat().st_size
        source["accession"] = source["url"] = None
    (tmp_path / "toy.yaml").write_text(dumps(document))
    (tmp_path / "space.yaml").write_text(SPACE)
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path))
    return tmp_path


def arguments(folder: Path, *more: str) -> list[str]:
    place = ["--space", f"{folder}/space.yaml", "-o", f"{folder}/out"]
    return ["tune", f"{folder}/toy.yaml", *place, "--fasta", f"{folder}/toy.fa", *more]


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    """Run the command with a home folder of its own, which Ray writes to."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    options = ("--trials", "3", "--seed", "2", "--cpus", "1", "--reduction", "2", *more)
    return subprocess.Popen(
        [sys.executable, "-m", "zooctl.cli.main", *arguments(folder, *options)],
        env=os.environ | {"HOME": str(home)},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def follow(process: subprocess.Popen[str], kill_at: str = "\0") -> tuple[list[str], str]:
    """Read what it says to its end, and what it prints; kill it where it says this."""
    said = []
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if line.startswith(kill_at):
                process.send_signal(signal.SIGKILL)
        printed = process.stdout.read()
    print(*said, sep="")
    return said, printed


@needs_ray
@pytest.mark.slow
def test_killed_and_resumed_it_finds_a_recipe_that_trains_to_the_same_bits(folder: Path) -> None:
    follow(start(folder), kill_at="trial 0 epoch 1")
    assert not (folder / "out/best.yaml").exists()
    search = start(folder, "--resume")
    told, printed = follow(search)
    assert search.returncode == 0
    assert printed == f"{folder}/out/best.yaml\n"
    # What the killed search had trained is not trained again.
    assert not any(line.startswith("trial 0 epoch 0") for line in told)

    with (folder / "out/trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert {row["seed"] for row in rows} == {"11"}
    assert (rows[0]["status"], rows[0]["epochs"]) == ("finished", "3")
    # A learning rate of nothing falls behind at once.
    slow = [row for row in rows if row["optimiser.lr"] == "1e-07"]
    assert slow
    assert all((row["status"], row["epochs"]) == ("stopped", "1") for row in slow)
    best = min(rows, key=lambda row: float(row["validation_loss"]))
    assert (folder / "out/trials.md").read_text().splitlines()[2].startswith(f"| {best['trial']} |")
    assert (folder / "out/trials.png").read_bytes().startswith(b"\x89PNG")
    # Nothing of Ray's stays.
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "best.yaml", "recipe.yaml", "search.yaml", "space.yaml", "trials", "trials.csv",
        "trials.md", "trials.png",
    ]  # fmt: skip

    winner = load_recipe(folder / "out/best.yaml")
    assert winner.name == "toy_tuned"
    data = toy.dataset()
    again = fit(
        winner,
        data,
        choose_windows(winner, data),
        folder / "again",
        device="cpu",
        say=str,
        advance=lambda done: None,
    )
    assert repr(again.best_loss) == best["validation_loss"]
    trial = folder / f"out/trials/{int(best['trial']):03d}"
    weights = "best.safetensors"
    assert (folder / "again" / weights).read_bytes() == (trial / weights).read_bytes()


def test_a_trial_can_be_exported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained as Ray's worker trains it, in this process."""
    trial = folder_of(folder / "out", 0)
    trial.mkdir(parents=True)
    document = strict_yaml.load(folder / "toy.yaml").data | {"name": "toy_tuned"}
    (trial / "recipe.yaml").write_text(dumps(document))
    begin = partial(tune._begin, fasta=folder / "toy.fa", device="cpu")
    run_trial(trial, begin, "cpu", lambda epoch, loss, known: None)
    environment = json.loads((trial / "environment.json").read_text())
    assert environment["software_digest"] == digest(software())

    for name in ("model_cards", "recipes", "zoo"):
        (folder / "root" / name).mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(folder / "root"))
    assert run(["export", str(trial), "--fasta", f"{folder}/toy.fa"]) == 0
    card = (folder / "root/model_cards/toy_tuned.yaml").read_text()
    assert f"environment: {environment['software_digest']}" in card


def test_every_problem_of_the_space(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "space.yaml").write_text("lr: {uniform: [1, 2]}\nnetwork.filters: {int: [0, 4]}\n")
    assert run(arguments(folder)) == 2
    err = capsys.readouterr().err
    assert "space.yaml:1: lr: recipe has no such field. Hint: did you mean 'optimiser.lr'?" in err
    assert "space.yaml:2: network.filters.int.0: wrong value (got 0; expected greater than" in err
    assert not (folder / "out").exists()


def test_a_search_is_resumed_or_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    """The folder alone, which is opened before Ray is started."""
    folder, kept = tmp_path / "out", {name: f"a: {name}\n" for name in tune.KEPT}
    tune._open(folder, kept, [], resume=False)
    with pytest.raises(InputError, match=r"search exists\. Hint: --resume goes on with it"):
        tune._open(folder, kept, [], resume=False)
    tune._open(folder, kept, [], resume=True)
    other = {**kept, tune.KEPT[0]: "b: 1\n"}
    with pytest.raises(InputError, match=r"search is of other values\. Hint: choose another -o"):
        tune._open(folder, other, [], resume=True)
    tune._open(tmp_path / "another", other, [], resume=False)
    assert (tmp_path / "another" / tune.KEPT[0]).read_text() == "b: 1\n"


def test_without_ray(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(arguments(folder)) == 2
    assert "pip install 'ray[tune]" in capsys.readouterr().err
    assert not (folder / "out").exists()
