"""`zooctl report verify` as typed: what a report says is derived again, and no lie of it holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_reproduction import settle

from zooctl.cli.main import run
from zooctl.reproduction.report.canonical import digest
from zooctl.reproduction.report.report import from_text

Captured = pytest.CaptureFixture[str]


def test_a_report_is_checked_without_trusting_it(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    settle(gold, monkeypatch)
    source, own = gold / "gold.json", tmp_path / "own.json"
    assert run(["report", "verify", str(source)]) == 0
    assert capsys.readouterr().out == "toy: gold (full), as the report says\n"
    for where in range(5, source.stat().st_size, source.stat().st_size // 40):
        content = bytearray(source.read_bytes())
        content[where] ^= 1
        own.write_bytes(content)
        assert run(["report", "verify", str(own)]) == 5, where
        assert "own.json: " in capsys.readouterr().err


Document = dict[str, Any]
Lie = Callable[[Document], object]
NOUGHTS = "sha256:" + "0" * 64


def put(**values: object) -> Lie:
    """Change fields of a report."""
    return lambda document: document.update(values)


def put_each(place: str, **values: object) -> Lie:
    """Change fields of each item of a list of a report."""
    return lambda document: [one.update(values) for one in document[place]]


def put_in(place: str, **values: object) -> Lie:
    """Change fields of a part of a report."""
    return lambda document: document[place].update(values)


def judge(name: str, status: str) -> Lie:
    """Change what is said of a criterion."""
    return lambda document: next(one for one in document["criteria"] if one["id"] == name).update(
        status=status
    )


def all_of(*lies: Lie) -> Lie:
    """Tell several lies at once."""
    return lambda document: [lie(document) for lie in lies]


def twice(place: str) -> Lie:
    """Say the first item of a list again."""
    return lambda document: document[place].append(document[place][0])


def stages(field: str) -> Lie:
    """Make up the digests of stages."""
    return lambda document: [
        one[field].update(dict.fromkeys(one[field], NOUGHTS)) for one in document["stages"]
    ]


def other_figures(document: Document) -> None:
    """Say of figures that they came again with another last digit."""
    for one in document["figures"]:
        if not one["field"].endswith(".n"):
            one.update(got=round(one["card"] + 0.001, 3), equivalence="numeric")
    document["equivalence"] = "numeric"


def other_counts(document: Document) -> None:
    """Say of counts that they are nearly the same."""
    for one in document["figures"]:
        if one["field"].endswith(".n"):
            one.update(got=one["card"] + 1, equivalence="numeric")


def run_recorded(document: Document) -> None:
    """Give the details of the full run as those recorded beside the weights."""
    steps = [one["name"] for one in document["stages"]]
    document["run"] = document["machine"] | {"seconds": document["seconds"], "steps": steps}


VERIFY = all_of(
    run_recorded,
    put(coverage="verify", stages=[], figures=[], pictures=[], level="bronze"),
    put(equivalence="numeric", required=None),
    put_in("weights", trained=None),
    judge("S3", "skip"),
    judge("G1", "skip"),
)
SMOKE = all_of(VERIFY, put(coverage="smoke", level="silver"), judge("S3", "pass"))
STEPS = {"n": 50, "once": NOUGHTS, "again": NOUGHTS, "killed": "sha256:" + "1" * 64}
ELSEWHERE = all_of(
    put_in("weights", trained=NOUGHTS),
    put_in("software", found=NOUGHTS, match=False, differences=[["python", "3.11", "3.12"]]),
    put(equivalence=None),
)

LIES: dict[str, tuple[Lie, str]] = {
    "a criterion": (judge("S1", "skip"), "S1: does not follow"),
    "level": (put(level="silver", required=None), "level: does not follow"),
    "exit code": (put(exit_code=3), "exit_code: does not follow"),
    "mode": (put(coverage="verify"), "weights.trained: trained, though this was --mode verify"),
    "weights": (put_in("weights", entry=NOUGHTS), "weights.entry: not the digest"),
    "no stages": (put(stages=[]), "stages: not the steps of a full run"),
    "no figures": (put(figures=[]), "figures: not those of the card"),
    "no data": (put(data=[]), "data: not the sources"),
    "no criteria": (put(criteria=[]), "criteria: not all criteria"),
    "no subjects": (put(subjects={}), "the report is about another file"),
    "software": (
        put_in("software", recorded=NOUGHTS, found=NOUGHTS),
        "software.recorded: not the one recorded beside the weights",
    ),
    "hardware": (
        put_in("hardware", recorded=NOUGHTS, found=NOUGHTS),
        "hardware.recorded: not the one recorded beside the weights",
    ),
    "another software": (
        put_in("software", found=NOUGHTS),
        "match: does not follow from the digests",
    ),
    "stage inputs": (stages("inputs"), "stages.train.inputs: another recipe"),
    "stage outputs": (stages("outputs"), "stages.export.inputs: another"),
    "empty stages": (
        put_each("stages", inputs={}, outputs={}, seconds=0.0),
        "stages.train.seconds: no step takes so long",
    ),
    "failed probe": (
        put_each("predictions", equivalence="failed", max_abs=99.0, max_rel=9.0, tolerances=1e5),
        "B2: does not follow from the evidence: probe predicted by onnxruntime differs",
    ),
    "no probe": (put(predictions=[]), "B2: does not follow from the evidence: the probe was not"),
    "far probe": (
        put_each("predictions", equivalence="bitwise", max_abs=99.0),
        "another class than its numbers have",
    ),
    "a near probe": (
        put_each("predictions", equivalence="numeric", max_abs=99.0, max_rel=9.0, tolerances=0.5),
        "predictions.torch: differences that its numbers cannot have",
    ),
    "another probe": (put_each("predictions", n=7), "predictions.onnxruntime: not the probe"),
    "an engine twice": (twice("predictions"), "predictions: not each engine once"),
    "other bits elsewhere": (ELSEWHERE, "weights.trained: another digest, though the file"),
    "other files elsewhere": (
        all_of(
            ELSEWHERE,
            lambda document: document["stages"][1]["outputs"].update(
                {"zoo/zoo/toy/model.safetensors": NOUGHTS}
            ),
        ),
        "S3: does not follow from the evidence: other bits in another environment",
    ),
    "equivalence": (put(equivalence="numeric"), "equivalence: does not follow"),
    "no equivalence": (put(equivalence=None), "equivalence: does not follow"),
    "equivalence of verify": (
        all_of(VERIFY, put(equivalence="bitwise")),
        "equivalence: does not follow",
    ),
    "smoke without steps": (SMOKE, "S3: does not follow from the evidence: no steps were repeated"),
    "smoke that differs": (
        all_of(SMOKE, put(first_steps=STEPS)),
        "S3: does not follow from the evidence: the first 50 steps of training do not repeat",
    ),
    "commit": (put_in("commit", revision="/home/alice"), "not a report of zooctl reproduce"),
    "made-up commit": (
        put(commit={"revision": "f" * 40, "changed": ["zooctl/training/loop/fit.py"]}),
        "warnings: leave out one that follows",
    ),
    "less than no time": (put(seconds=-60.0), "not a report of zooctl reproduce"),
    "no time": (put(started="nonsense"), "not a report of zooctl reproduce"),
    "a year": (put(finished="1999"), "not a report of zooctl reproduce"),
    "ended before": (
        put(finished="1999-01-01T00:00:00+00:00"),
        "not a report of zooctl reproduce",
    ),
    "too much time": (put(seconds=10**30), "not a report of zooctl reproduce"),
    "too large": (put_in("machine", memory_bytes=10**30), "not a report of zooctl reproduce"),
    "no processor": (put_in("machine", processors=0), "not a report of zooctl reproduce"),
    "revoked": (
        put_each("data", archive="revoked"),
        "B1: does not follow from the evidence: revoked",
    ),
    "missing data": (put_each("data", status="missing"), "B1: does not follow from the evidence"),
    "a place": (put_each("data", note="in /home/alice/x"), "report: names a place of a machine"),
    "a far picture": (
        put_each("pictures", equivalence="numeric", max_abs=1e9, tolerances=0.5),
        "toy.png: differences that its numbers cannot have",
    ),
    "a picture of another class": (
        put_each("pictures", equivalence="numeric", max_abs=1e9, tolerances=1e9),
        "toy.png.equivalence: does not follow from the evidence",
    ),
    "a near picture": (
        put_each("pictures", equivalence="numeric", max_abs=1e-6, tolerances=0.1),
        "toy.png: differences that its numbers cannot have",
    ),
    "an equal picture of another class": (
        put_each("pictures", equivalence="numeric"),
        "toy.png.equivalence: does not follow from the evidence",
    ),
    "another drawing": (
        put_each("pictures", same_file=False),
        "toy.png.same_file: does not follow from the evidence",
    ),
    "a figure twice": (twice("figures"), "figures: not those of the card"),
    "data twice": (twice("data"), "data: not the sources"),
    "other figures": (other_figures, "G1: does not follow from the evidence: not reproduced"),
    "other counts": (other_counts, "metrics.0.n.equivalence: does not follow from the evidence"),
    "no details": (put_in("machine", os_release=None), "not a report of zooctl reproduce"),
    "a path as a model": (put(model="../../etc"), "not a report of zooctl reproduce"),
    "another version": (put(zooctl="99"), "zooctl: not the version of that environment"),
    "an older report": (
        put(schema_version=3),
        "schema_version: report of another version (got 3; expected 5)",
    ),
    "a fault that fails nothing": (
        put(faults=[{"criterion": "B2", "text": "weights differ", "exit_code": 5}]),
        "B2: does not follow from the evidence: weights differ",
    ),
    "a gap that is passed": (
        put(gaps={"S1": "installed packages differ"}),
        "S1: does not follow from the evidence: installed packages differ",
    ),
    "an earlier run": (run_recorded, "run: of an earlier run, though this one trained"),
    "another run": (all_of(VERIFY, put_in("run", seconds=1.0)), "run: not the one recorded"),
    "data beside the recipe": (
        put_each("data", origin="embedded"),
        "data: not beside the recipe",
    ),
    "resumed in silence": (
        put_each("stages", resumed=True),
        "warnings: leave out one that follows",
    ),
}


def forged(gold: Path, lie: Lie) -> bytes:
    """Return the report of the full run with a lie, and a right digest where there can be one."""
    document = json.loads((gold / "gold.json").read_text())
    del document["digest"]
    lie(document)
    try:
        document["digest"] = digest(document)
    except ValueError:  # of a number that has no canonical form
        document["digest"] = NOUGHTS
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n".encode()


@pytest.mark.parametrize("name", LIES)
def test_lies_with_a_right_digest_are_found(
    gold: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    name: str,
) -> None:
    settle(gold, monkeypatch)
    lie, message = LIES[name]
    (tmp_path / "lie.json").write_bytes(forged(gold, lie))
    assert run(["report", "verify", str(tmp_path / "lie.json")]) in (3, 5)
    assert message in capsys.readouterr().err


def test_an_older_report_is_made_anew(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """The hint is the command that made the gold one."""
    settle(gold, monkeypatch)
    (tmp_path / "old.json").write_bytes(forged(gold, put(schema_version=3)))
    assert run(["report", "verify", str(tmp_path / "old.json")]) == 5
    hint = capsys.readouterr().err.rpartition("Hint: ")[2]
    assert hint == "zooctl reproduce MODEL --mode full --record writes a new one\n"
    assert run(["report", "verify", str(gold / "gold.json")]) == 0


@pytest.mark.parametrize(
    "lie", [VERIFY, all_of(SMOKE, put(first_steps=STEPS | {"killed": NOUGHTS}))]
)
def test_what_a_lesser_run_says_holds(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: Lie
) -> None:
    """So that it is the lies that are found, and not all but the full run."""
    settle(gold, monkeypatch)
    (tmp_path / "less.json").write_bytes(forged(gold, lie))
    assert run(["report", "verify", str(tmp_path / "less.json")]) == 0


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe{", b"1" * 5000, b"", b"null"],
    ids=["lists", "objects", "bytes", "digits", "nothing", "null"],
)
def test_what_is_no_report_is_no_crash(tmp_path: Path, capsys: Captured, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)
    assert run(["report", "verify", str(tmp_path / "r.json")]) == 5
    assert "not a report of zooctl reproduce" in capsys.readouterr().err


CHANGED = {
    "zoo/requirements.lock": "requirements.lock: the report is about another file",
    "data/s.bw": "s.bw: source signal differs from the pinned bytes",
    "zoo/model_cards/toy.report.md": "toy.report.md: differs from the report",
    "zoo/model_cards/toy.report.intoto.json": "toy.report.intoto.json: differs from the report",
}


@pytest.mark.parametrize("file", CHANGED)
def test_a_report_of_other_bytes_does_not_hold(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, file: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(gold, copy, ignore=shutil.ignore_patterns("work"))
    settle(copy, monkeypatch)
    content = bytearray((copy / file).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / file).write_bytes(content)
    report = copy / "zoo/model_cards/toy.report.json"
    for command in (["report", "verify", str(report)], ["report", "list"]):
        assert run(command) == 5
        assert CHANGED[file] in capsys.readouterr().err
    if "report" in file:
        assert run(["check", "toy"]) == 3
        report.unlink()
        assert run(["check", "toy"]) == 3
        assert "of no report" in capsys.readouterr().err


def test_a_figure_that_was_edited_is_no_gold(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one in its last digit: what a rounding may do elsewhere is a defect here."""
    copy = tmp_path / "copy"
    shutil.copytree(gold, copy)
    settle(copy, monkeypatch)
    card = copy / "zoo/model_cards/toy.yaml"
    value = from_text((gold / "gold.json").read_bytes()).figures[0].card
    text = card.read_text()
    assert f"value: {value:g}" in text
    card.write_text(text.replace(f"value: {value:g}", f"value: {value - 0.001:.3f}", 1))
    assert run(["check", "toy", "--stamp"]) == 0
    command = ["reproduce", "toy", "--mode", "full", "--resume", "--workdir", str(copy / "work")]
    assert run([*command, "--report", str(tmp_path / "r.json")]) == 3
    report = from_text((tmp_path / "r.json").read_bytes())
    assert (report.level, report.figures[0].equivalence) == ("bronze", "numeric")
    assert run(["report", "verify", str(tmp_path / "r.json")]) == 0
