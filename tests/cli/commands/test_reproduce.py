"""`zooctl reproduce` as typed, on a toy that is trained, exported and evaluated for real."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toy_reproduction import ADDRESS, settle

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.progress import no_progress
from zooctl.reproduction.report.figures import take_figures
from zooctl.reproduction.report.report import from_text
from zooctl.reproduction.run.measure import evaluated

Captured = pytest.CaptureFixture[str]
BEST_MOTIF = """  - {name: auroc_best_motif, track: toy, value: 0, n: 1, split: test,
     baseline: best motif, baseline_value: 0}
"""


def test_verify_is_bronze_at_most(place: Path, capsys: Captured) -> None:
    assert run(["reproduce", "toy", "--report", "r.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("toy: bronze (verify)\n")
    assert "G1: not reproduced from data to figures" in out
    text = Path("r.json").read_bytes()
    report = from_text(text)
    assert report.level == "bronze"
    assert [one.engine for one in report.predictions] == ["onnxruntime", "torch"]
    assert report.predictions[0].equivalence == "bitwise"
    assert report.weights.trained is None
    for said in (text.decode(), Path("r.md").read_text(), Path("r.intoto.json").read_text()):
        assert str(place) not in said
        assert os.environ.get("USER", "nobody at all") not in said.replace("rooted", "")
    statement = json.loads(Path("r.intoto.json").read_text())
    assert statement["predicate"]["result"] == "WARNED"
    assert {one["name"] for one in statement["subject"]} == set(report.subjects)
    assert run(["reproduce", "toy", "--require", "silver"]) == 3
    assert run(["reproduce", "toy", "--report", "r.json"]) == 2, "it exists"


TAMPERED = {
    "data/s.bw": ("B1", "s.bw", 5),
    "genomes/toy.fa": ("B1", "toy.fa", 5),
    "zoo/zoo/toy/model.onnx": ("B2", "zoo/toy/model.onnx", 3),
    "zoo/zoo/toy/model.safetensors": ("B2", "zoo/toy/model.safetensors", 3),
    "zoo/zoo/toy/probe.safetensors": ("B2", "zoo/toy/probe.safetensors", 3),
    "zoo/zoo/toy/environment.json": ("B2", "zoo/toy/environment.json", 5),
    "zoo/model_cards/toy.yaml": ("B3", "model_cards/toy.yaml", 3),
    "zoo/recipes/toy.yaml": ("B3", "recipes/toy.yaml", 3),
}


@pytest.mark.parametrize("file", TAMPERED)
def test_one_flipped_byte_is_found_and_named(place: Path, capsys: Captured, file: str) -> None:
    criterion, name, code = TAMPERED[file]
    content = bytearray((place / file).read_bytes())
    # In documents the last letter of a citation or comment: what they say stays well-formed.
    where = content.index(b"made up") if file.startswith("zoo/recipes") else len(content) // 2
    where = content.index(b"for tests") if "model_cards" in file else where
    content[where] ^= 1
    (place / file).write_bytes(content)
    assert run(["reproduce", "toy", "--report", "r.json"]) == code
    err = capsys.readouterr().err
    assert f"{name}: " in err
    statuses = {one.id: one.status for one in from_text(Path("r.json").read_bytes()).criteria}
    assert statuses[criterion] == "fail"


def test_documents_that_cannot_be_read_end_it(place: Path, capsys: Captured) -> None:
    (place / "zoo/model_cards/toy.yaml").write_text("name: [toy\n")
    assert run(["reproduce", "toy"]) == 3
    assert "toy.yaml" in capsys.readouterr().err


def test_data_that_is_nowhere_is_no_fault_but_no_bronze(place: Path, capsys: Captured) -> None:
    (place / "data/s.bw").unlink()
    assert run(["reproduce", "toy"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("toy: none (verify)\n")
    assert "B1: source signal is not here, and could not be downloaded" in out


def test_data_that_others_cannot_find_are_no_bronze(place: Path, capsys: Captured) -> None:
    for folder, kind in (("model_cards", "training_data"), ("recipes", "sources")):
        path = place / "zoo" / folder / "toy.yaml"
        text = path.read_text().replace(f"url: {ADDRESS}", "url: null")
        reason = f"unknown:\n  {kind}.*.url: made up\n"
        path.write_text(text.replace("unknown:\n", reason))
    assert run(["check", "toy", "--stamp"]) == 0
    assert run(["reproduce", "toy"]) == 0
    out = capsys.readouterr().out
    assert "toy: none (verify)\n" in out
    assert (
        "B1: signal, input: here, and neither address nor accession says where others find it "
        "(no address: made up; no accession: made up); an address" in out
    )


def test_a_full_run_is_gold(gold: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    report = from_text((gold / "gold.json").read_bytes())
    assert (report.level, report.equivalence) == ("gold", "bitwise")
    assert report.weights.trained == report.weights.entry
    assert {one.field for one in report.figures} == {
        *(f"metrics.{n}.{field}" for n in (0, 1) for field in ("value", "n", "baseline_value")),
        "robustness",
    }
    assert [one.name for one in report.stages] == ["train", "export", "evaluate"]
    assert [(one.file, one.equivalence, one.same_file) for one in report.pictures] == [
        ("model_cards/toy.png", "bitwise", True),
        ("model_cards/toy.motif.png", "bitwise", True),
    ]
    assert report.pictures[0].n == 2 * 1000
    for one in report.pictures:
        drawn = (gold / "work/zoo" / one.file).read_bytes()
        assert drawn == (gold / "zoo" / one.file).read_bytes()
    settle(gold, monkeypatch)
    assert run(["check", "toy"]) == 0, "card and manifest were brought up to date"
    capsys.readouterr()
    assert run(["env", "--against", "toy"]) == 0
    assert capsys.readouterr().out.count("same") == 2
    again = ["reproduce", "toy", "--mode", "full", "--workdir", str(gold / "work")]
    assert run(again) == 2
    err = capsys.readouterr().err
    assert "work folder holds earlier work. Hint: --resume continues it" in err


def test_a_baseline_that_the_card_names(place: Path) -> None:
    """``evaluate`` fits it where it is asked to; a full run does, since its card has the figure."""
    card = place / "zoo/model_cards/toy.yaml"
    card.write_text(card.read_text().replace("metrics:\n", f"metrics:\n{BEST_MOTIF}", 1))
    asked = ["evaluate", "toy", "--baselines", "best_motif", "--threads", "1", "--update-card"]
    assert run(asked) == 0
    entry = registry.entry("toy")
    (metric, *others) = entry.card().metrics
    assert metric.baseline_value not in {0, None, *(one.baseline_value for one in others)}
    with evaluated(entry, None, None, progress=no_progress, say=str) as judged:
        found = take_figures(entry.card(), entry.card_path, judged.report)
    assert found["metrics.0.baseline_value"] == metric.baseline_value
    assert found["metrics.0.value"] == metric.value


def test_recorded_reports_are_listed(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(gold, copy, ignore=shutil.ignore_patterns("work"))
    settle(copy, monkeypatch)
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: copy / "zoo")
    report = copy / "zoo/model_cards/toy.report.json"
    assert report.read_bytes() == (gold / "gold.json").read_bytes()
    assert report.with_suffix(".md").is_file()
    assert run(["report", "list"]) == 0
    head, row = (line.split("  ") for line in capsys.readouterr().out.splitlines())
    found = dict(zip(filter(None, map(str.strip, head)), filter(None, row), strict=True))
    minutes = f"{from_text(report.read_bytes()).seconds / 60:.1f}"
    assert {name: text.strip() for name, text in found.items()} == {
        "model": "toy",
        "level": "gold",
        "mode": "full",
        "equivalence": "bitwise",
        "minutes": minutes,
        "made at": "no commit",
    }
    card = copy / "zoo/model_cards/toy.yaml"
    card.write_text(card.read_text().replace("for tests", "for test"))
    assert run(["report", "list"]) == 5
    out, err = capsys.readouterr()
    assert "toy    report does not hold" in out
    assert "model_cards/toy.yaml: the report is about another file" in err
    for path in (report, report.with_suffix(".md"), report.with_suffix(".intoto.json")):
        path.unlink()
    assert run(["report", "list"]) == 0
    assert "toy    no report" in capsys.readouterr().out


FLIPPED = [
    "data/s.bw",
    "zoo/zoo/toy/model.onnx",
    "zoo/zoo/toy/model.safetensors",
    "zoo/zoo/toy/probe.safetensors",
    "zoo/zoo/toy/pictures.json",
    "zoo/zoo/toy/environment.json",
    "zoo/zoo/toy/manifest.json",
    "zoo/model_cards/toy.yaml",
    "zoo/model_cards/toy.png",
    "zoo/recipes/toy.yaml",
    "zoo/requirements.lock",
    "zoo/requirements-torch.lock",
    "zoo/model_cards/toy.report.json",
]


@pytest.mark.parametrize("file", FLIPPED)
def test_no_flipped_bit_passes_in_silence(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, file: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(gold, copy, ignore=shutil.ignore_patterns("work"))
    settle(copy, monkeypatch)
    report = copy / "zoo/model_cards/toy.report.json"
    # The manifest pins the rest, so what is wrong of it is told of the rest, or by the report.
    by_report = "report" in file or "manifest" in file
    command = ["report", "verify", str(report)] if by_report else ["reproduce", "toy"]
    path = copy / file
    sound = path.read_bytes()
    draw = random.Random(file)
    for _ in range(4):
        where, bit = draw.randrange(len(sound)), 1 << draw.randrange(8)
        content = bytearray(sound)
        content[where] ^= bit
        path.write_bytes(content)
        # What a bit makes of YAML may also be refused as unsafe.
        assert run(command) in ((3, 5, 6) if path.suffix == ".yaml" else (3, 5)), (where, bit)
        assert path.name in capsys.readouterr().err, (where, bit)
    path.write_bytes(sound)
    assert run(command) == 0


def test_a_changed_lock_is_found(
    gold: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    settle(gold, monkeypatch)
    lock = gold / "zoo/requirements.lock"
    content = lock.read_bytes()
    lock.write_bytes(content.replace(b"a", b"b", 1))
    try:
        assert run(["reproduce", "toy"]) == 5
        assert "requirements.lock: lock file differs" in capsys.readouterr().err
    finally:
        lock.write_bytes(content)


def test_a_step_is_done_again_where_its_output_was_changed(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(gold, monkeypatch)
    work = tmp_path / "work"
    shutil.copytree(gold / "work", work)
    command = ["reproduce", "toy", "--mode", "full", "--resume", "--workdir", str(work)]
    assert run([*command, "--report", str(tmp_path / "a.json")]) == 0
    stages = from_text((tmp_path / "a.json").read_bytes()).stages
    assert {one.name: one.resumed for one in stages}["train"]
    best = bytearray((work / "run/best.safetensors").read_bytes())
    best[-1] ^= 1
    (work / "run/best.safetensors").write_bytes(best)
    assert run([*command, "--report", str(tmp_path / "b.json")]) == 0
    stages = from_text((tmp_path / "b.json").read_bytes()).stages
    assert not {one.name: one.resumed for one in stages}["train"]


def test_what_a_journal_tells_is_told_and_not_recorded(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    copy, report = tmp_path / "copy", tmp_path / "r.json"
    shutil.copytree(gold, copy)
    settle(copy, monkeypatch)
    command = ["reproduce", "toy", "--mode", "full", "--resume", "--report", str(report)]
    command += ["--workdir", str(copy / "work")]
    card = (copy / "zoo/model_cards/toy.yaml").read_bytes()
    assert run([*command, "--record"]) == 3
    err = capsys.readouterr().err
    assert "nothing is recorded: not all of it was made by this command" in err
    assert err.endswith("Hint: run it whole, in a new work folder\n"), "as `gold` was"
    assert (copy / "zoo/model_cards/toy.yaml").read_bytes() == card
    said = "taken from the journal of an earlier command, not made by this one: train, export"
    assert any(text.startswith(said) for text in from_text(report.read_bytes()).warnings)
    assert said in report.with_suffix(".md").read_text()
    statement = json.loads(report.with_suffix(".intoto.json").read_text())
    assert statement["predicate"]["result"] == "WARNED"
    # Published weights and three lines are no run: what training logs is asked for too.
    planted = tmp_path / "planted"
    shutil.copytree(copy / "work", planted)
    (planted / "run/steps.csv").unlink()
    (planted / "run/metrics.csv").unlink()
    assert run([*command[:-1], str(planted), "--force"]) == 0
    stages = from_text(report.read_bytes()).stages
    assert not {one.name: one.resumed for one in stages}["train"]


def own_settings(place: Path) -> dict[str, str]:
    """Variables for a process of its own."""
    return dict(os.environ) | {
        "ZOOCTL_ZOO": str(place / "zoo"),
        "ZOOCTL_DATA_MIRROR": str(place / "data"),
        "ZOOCTL_GENOMES": str(place / "genomes"),
        "ZOOCTL_HOME": str(place / "home"),
    }


def test_a_full_run_opens_no_socket(gold: Path, tmp_path: Path) -> None:
    """Without a network, not even a loopback, and seen by a hook that was there first."""
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("NO NETWORK NAMESPACE HERE: unshare -rn is not allowed")
    code = (
        "import sys\n"
        "seen = open(sys.argv[1], 'w')\n"
        "def watch(event, arguments):\n"
        # The machine's own name is asked without a socket.
        "    if event.startswith('socket.') and event != 'socket.gethostname':\n"
        "        print(event, arguments, file=seen, flush=True)\n"
        "sys.addaudithook(watch)\n"
        "from zooctl.cli.main import run\n"
        "sys.exit(run(sys.argv[2:]))\n"
    )
    command = ["reproduce", "toy", "--mode", "full", "--offline", "--require", "gold"]
    command += ["--workdir", str(tmp_path / "work")]
    seen = tmp_path / "sockets"
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", code, str(seen), *command],
        env=own_settings(gold),
        check=False,
    )
    assert done.returncode == 0
    assert seen.read_text() == ""


# Runs the command in processes that have all modules already, and kills each at the n-th thing it
# does to a file of its work folder or at the n-th step of training, whichever comes first.
KILLER = """
import json, os, random, signal, sys
from pathlib import Path

import zooctl.reproduction.run.measure, zooctl.reproduction.reproduce, zooctl.training.export.entry
import zooctl.evaluation.heldout.evaluate, zooctl.interpret.motif_recovery.mutagenesis
import zooctl.interpret.pictures.plots
from zooctl.cli.main import run
from zooctl.training.loop import fit

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.truncate", "shutil.rmtree")
fit.CHECKPOINT_STEPS, step = 3, fit.train_step

def attempt(work, left, count):
    def event():
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def watch(name, arguments):
        if name in EVENTS and str(work) in str(arguments[0]):
            event()
    def counted(*given):
        event()
        return step(*given)
    fit.train_step = counted
    sys.addaudithook(watch)
    report = ["--workdir", str(work), "--report", f"{work}.json", "--force"]
    code = run([*sys.argv[2:], *report])
    Path(count).write_text(str(-left))
    return code

def fork(work, left):
    if (child := os.fork()) == 0:
        os._exit(attempt(work, left, f"{work}.count"))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

place = Path(sys.argv[1])
assert fork(place / "whole", 0) == 0
events = int((place / "whole.count").read_text())
seed = random.randrange(2**32)
draw, runs, kills, places = random.Random(seed), 0, 0, []
while kills < 20:
    work = place / f"run {runs}"
    code = fork(work, draw.randint(1, events // 4))
    if code == -signal.SIGKILL:
        kills += 1
        journal = work / "journal.jsonl"
        lines = journal.read_text().splitlines() if journal.exists() else []
        places.append(json.loads(lines[-1])["step"] if lines else "before")
        continue
    assert code == 0, code
    runs += 1
assert fork(work if code else place / f"run {runs}", 0) == 0
print(json.dumps({"seed": seed, "events": events, "runs": runs + 1, "places": places}))
"""


@pytest.mark.slow
def test_twenty_kills_at_random_moments(gold: Path, tmp_path: Path) -> None:
    """Each killed run is gone on with, without the network; all end with the published bits."""
    command = ["reproduce", "toy", "--mode", "full", "--resume", "--offline", "--require", "gold"]
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path), *command],
        env=own_settings(gold),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(said["places"]) == 20, said
    paths = [tmp_path / f"run {n}.json" for n in range(said["runs"])]
    reports = [from_text(path.read_bytes()) for path in paths]
    for report in reports:
        assert (report.level, report.equivalence) == ("gold", "bitwise"), said
        assert report.weights.trained == report.weights.entry, said
        assert report.offline


def test_a_killed_run_ends_the_same(gold: Path, tmp_path: Path) -> None:
    """Killed amid training and gone on with."""
    code = (
        "import os, signal, sys\n"
        "from zooctl.cli.main import run\n"
        "from zooctl.training.loop import fit\n"
        "fit.CHECKPOINT_STEPS, left, step = 3, int(sys.argv[1]), fit.train_step\n"
        "def dying(*given):\n"
        "    global left\n"
        "    left -= 1\n"
        "    if not left: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return step(*given)\n"
        "fit.train_step = dying\n"
        "sys.exit(run(sys.argv[2:]))\n"
    )
    command = ["reproduce", "toy", "--mode", "full", "--resume", "--offline"]
    command += ["--workdir", str(tmp_path / "work"), "--report", str(tmp_path / "r.json")]
    codes = [
        subprocess.run(
            [sys.executable, "-c", code, left, *command, "--require", "gold"],
            env=own_settings(gold),
            check=False,
        ).returncode
        for left in ("11", "0")
    ]
    assert codes == [-9, 0]
    report = from_text((tmp_path / "r.json").read_bytes())
    assert report.weights.trained == report.weights.entry


@pytest.mark.slow
def test_other_bits_elsewhere_are_judged_by_the_first_steps(gold: Path, tmp_path: Path) -> None:
    """On a processor that torch is told has less, whose bits are others and come again."""
    code = "import sys\nfrom zooctl.cli.main import run\nsys.exit(run(sys.argv[1:]))\n"
    command = ["reproduce", "toy", "--mode", "full", "--workdir", str(tmp_path / "work")]
    settings = own_settings(gold)
    for arguments, more in (
        ([*command, "--report", str(tmp_path / "r.json")], {"ATEN_CPU_CAPABILITY": "default"}),
        (["report", "verify", str(tmp_path / "r.json")], {}),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=settings | more, check=False
        )
        assert done.returncode == 0
    report = from_text((tmp_path / "r.json").read_bytes())
    if report.weights.trained == report.weights.entry:
        pytest.skip("THIS PROCESSOR TRAINS THE SAME BITS WITH LESS OF IT")
    assert {one.id: one.status for one in report.criteria}["S3"] == "pass"
    assert report.first_steps is not None
    assert report.equivalence in ("statistical", None)


@pytest.mark.slow
def test_smoke_is_silver(gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(gold, monkeypatch)
    command = ["reproduce", "toy", "--mode", "smoke", "--require", "silver"]
    assert run([*command, "--report", str(tmp_path / "r.json")]) == 0
    report = from_text((tmp_path / "r.json").read_bytes())
    assert report.level == "silver"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--record"], "only a full run proves"),
        (["--resume"], "only a full run can be resumed"),
    ],
)
def test_refused(place: Path, capsys: Captured, options: list[str], message: str) -> None:
    assert run(["reproduce", "toy", *options]) == 2
    assert message in capsys.readouterr().err


def test_dry_run_does_nothing(place: Path, capsys: Captured) -> None:
    assert run(["reproduce", "toy", "--mode", "full", "--dry-run"]) == 0
    assert "train: 3 epochs" in capsys.readouterr().out
    assert not Path("reproduce").exists()
