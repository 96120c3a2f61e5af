"""Plans that do not fit: an input, a model, a setting, the software, the folder or the output."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from toy_model import graph_of, pin
from toy_plan import MODEL, SHIFTS, Zooctl, rows, vcf

from zooctl.inference.scale import folder

PLAN = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "--shards", "3", "-o", "plan"]


@pytest.fixture
def planned(zooctl: Zooctl, here: Path) -> Path:
    """A plan of three shards."""
    assert zooctl(*PLAN)[0] == 0
    return here / "plan"


def anew(zooctl: Zooctl) -> None:
    """A new plan runs."""
    assert zooctl(*PLAN, "--force")[0] == 0
    assert zooctl("run", "plan", "--shard", "1/3")[0] == 0


def test_a_changed_input(zooctl: Zooctl, planned: Path, here: Path) -> None:
    text = (here / "in.vcf").read_text()
    (here / "in.vcf").write_text(text + rows(1, first=7_000)[0] + "\n")
    code, _, err = zooctl("run", "plan")
    assert code == 5
    assert f"{here}/in.vcf: input has changed since the plan was made (got " in err
    assert "Hint: restore it, or make a new plan" in err
    (here / "in.vcf").write_text(text)  # of another time: it is read again
    assert zooctl("run", "plan", "--shard", "1/3")[0] == 0


def test_a_changed_record_of_the_same_size_and_time(
    zooctl: Zooctl, planned: Path, here: Path
) -> None:
    """The digest of a shard's own records sees it, and the shard stays absent."""
    path = here / "in.vcf"
    kept, text = path.stat(), path.read_text()
    path.write_text(text.replace("id5599", "id5598"))
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert zooctl("run", "plan", "--shard", "1/3")[0] == 0
    code, _, err = zooctl("run", "plan", "--workers", "1")
    assert code == 5
    assert "1 of 3 shards failed (got shard 3: " in err
    assert "input has changed since the plan was made" in err
    code, out, _ = zooctl("status", "plan", "--json")
    found = json.loads(out)
    assert (found["done"], [one["shard"] for one in found["failed"]]) == (2, [3])
    path.write_text(text)
    assert zooctl("run", "plan")[0] == 0
    assert json.loads(zooctl("status", "plan", "--json")[1])["failed"] == []


def test_a_missing_input(zooctl: Zooctl, planned: Path, here: Path) -> None:
    (here / "genome.fa").rename(here / "other.fa")
    code, _, err = zooctl("run", "plan")
    assert code == 2
    assert f"{here}/genome.fa: input of the plan is not here (got No such file" in err


def test_other_weights(zooctl: Zooctl, planned: Path, toy_zoo: Path) -> None:
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(graph_of(np.ones((2, 4), np.float32)))
    pin(toy_zoo)
    code, _, err = zooctl("run", "plan")
    assert code == 5
    assert "toy here has other weights than the plan (got sha256 " in err
    assert "zooctl pull toy, or make a new plan" in err
    anew(zooctl)


def test_another_version_of_a_card(zooctl: Zooctl, planned: Path, toy_zoo: Path) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    text = card.read_text()
    version = next(line for line in text.splitlines() if line.startswith("version:"))
    card.write_text(text.replace(version, 'version: "9.9.9"'))
    code, _, err = zooctl("run", "plan", "--workers", "2")
    assert code == 2
    assert "this worker is none for the plan: models differs (got toy 9.9.9 sha256:" in err
    card.write_text(text)
    assert zooctl("run", "plan", "--shard", "1/3")[0] == 0


def test_another_zooctl(zooctl: Zooctl, planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zooctl.inference.scale.plan.__version__", "0.0.7")
    code, _, err = zooctl("run", "plan")
    assert code == 2
    assert "the plan is of another zooctl (got 0.0.7; expected " in err
    anew(zooctl)


def test_folders_of_plans(zooctl: Zooctl, planned: Path, here: Path) -> None:
    code, _, err = zooctl(*PLAN)
    assert (code, "plan: the plan exists. Hint: pass --force" in err) == (2, True)
    anew(zooctl)
    (here / "other").mkdir()
    (here / "other/a").touch()
    code, _, err = zooctl(*PLAN[:-1], "other")
    assert (code, "holds something else. Hint: name a new one" in err) == (2, True)
    code, _, err = zooctl(*PLAN[:-1], "no/plan")
    assert (code, f"mkdir -p '{here}/no'" in err) == (2, True)
    (here / "no").mkdir()
    assert zooctl(*PLAN[:-1], "no/plan")[0] == 0
    code, _, err = zooctl("run", "other")
    assert (code, "not a folder of a plan" in err) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"schema": 1', '"schema": 2', "plan is of another version (got 2; expected 1)"),
        ('"verb"', '"verbs"', "the document is no plan"),
        ("{", "", "the document is no plan"),
    ],
)
def test_documents_of_plans(
    old: str, new: str, what: str, zooctl: Zooctl, planned: Path, here: Path
) -> None:
    path = planned / "plan.json"
    path.write_text(path.read_text().replace(old, new, 1))
    code, _, err = zooctl("status", "plan")
    assert (code, what in err) == (2, True), err
    anew(zooctl)


def test_a_damaged_shard(zooctl: Zooctl, planned: Path, here: Path) -> None:
    assert zooctl("run", "plan")[0] == 0
    data = planned / "shards/00002.data"
    content = bytearray(data.read_bytes())
    content[100] ^= 1
    data.write_bytes(content)
    code, _, err = zooctl("merge", "plan", "-o", "a.vcf.gz")
    assert (code, "shard 2/3 is not whole. Hint: zooctl run " in err) == (2, True), err
    assert not (here / "a.vcf.gz").exists()
    code, _, err = zooctl("run", "plan")
    assert (code, "there already: 2 of 3 shards" in err) == (0, True)
    assert zooctl("merge", "plan", "-o", "a.vcf.gz")[0] == 0


def test_outputs_of_another_kind(zooctl: Zooctl, planned: Path) -> None:
    assert zooctl("run", "plan")[0] == 0
    code, _, err = zooctl("merge", "plan", "-o", "a.tsv")
    assert (code, "the plan's shards are of another format (got tsv; expected vcf)" in err) == (
        2,
        True,
    )
    assert zooctl(*PLAN, "--force", "--format", "tsv")[0] == 0
    assert zooctl("run", "plan")[0] == 0
    assert zooctl("merge", "plan", "-o", "a.tsv")[0] == 0


def test_a_plan_that_another_process_made_meanwhile(
    zooctl: Zooctl, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays."""
    other = here / "plan/shards"
    monkeypatch.setattr(folder, "check_new", lambda *_: other.mkdir(parents=True, exist_ok=True))
    code, _, err = zooctl(*PLAN)
    assert (code, "plan: the plan cannot be written (got Directory not empty)" in err) == (2, True)
    assert other.is_dir()


def test_a_worker_that_cannot_begin(
    zooctl: Zooctl, planned: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is the last line that it said."""
    broken = here / "python"
    broken.write_text("#!/bin/sh\necho Traceback >&2\necho 'ImportError: no numpy' >&2\nexit 1\n")
    broken.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(broken))
        code, _, err = zooctl("run", "plan", "--workers", "1")
    assert code == 2
    assert "workers end before they begin: the worker ended: ImportError: no numpy" in err


def test_inputs_that_are_no_files(zooctl: Zooctl, here: Path) -> None:
    code, _, err = zooctl(*[one if one != "in.vcf" else "-" for one in PLAN])
    assert (code, "-: a plan is of files. Hint: write it into a file first" in err) == (2, True)
    os.mkfifo("pipe")
    for path in ("-", "pipe", "/dev/stdin"):
        code, _, err = zooctl(*PLAN, "--targets-file", path)
        assert (code, f"{path}: a plan is of files" in err) == (2, True)
    code, _, err = zooctl("plan", "predict", *MODEL, "--bed", "pipe", "-o", "plan")
    assert (code, "pipe: a plan is of files" in err) == (2, True)
    code, _, err = zooctl("score-variants", "in.vcf", *MODEL, "--workers", "2", "-o", "-")
    assert (code, "several workers write a file (got -o -)" in err) == (2, True)


def test_resumed_with_workers(zooctl: Zooctl, here: Path) -> None:
    """Finished shards of a run that failed are kept for the same run, and for no other."""
    call = ["score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz"]
    text = (here / "in.vcf").read_text()
    assert zooctl(*call)[0] == 0
    expected = (here / "a.vcf.gz").read_bytes()
    skipped = [*call, "--force", "--workers", "1", "--max-skipped", "0"]
    # An allele off the genome is found in the merge, when all shards are there.
    _, _, _, ref, alt, *rest = rows(1, first=8_000)[0].split("\t")
    off = vcf([*rows(5_500), "\t".join(["chr1", "8000", ".", alt, ref, *rest])])
    (here / "in.vcf").write_text(off)
    code, _, err = zooctl(*skipped)
    assert code == 2
    assert f"kept: 6 of 6 shards of the output, in {here}/.zooctl-plan-" in err, err
    assert "; the same command with --resume goes on from there" in err
    code, _, err = zooctl(*skipped, "--resume", "--seed", "7")
    assert (code, "a.vcf.gz: cannot resume: the run is another" in err) == (2, True), err
    code, _, err = zooctl(*skipped, "--resume")
    assert (code, "there already: 6 of 6 shards" in err) == (2, True), err
    (here / "in.vcf").write_text(text)
    assert zooctl(*call, "--force", "--workers", "1")[0] == 0
    assert (here / "a.vcf.gz").read_bytes() == expected
