"""Every command prints its report as JSON, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_variants import here

from zooctl.cli.main import build_app, run

__all__ = ["here"]

Captured = pytest.CaptureFixture[str]


def printed(capsys: Captured, *command: str, code: int = 0) -> Any:
    assert run([*command, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_check(toy_zoo: Path, capsys: Captured) -> None:
    (found,) = printed(capsys, "check", "toy")
    assert (found["model"], found["ok"], found["problems"]) == ("toy", True, [])
    assert {"card", "manifest", "model.onnx"} <= set(found["parts"])
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(b"other")
    (found,) = printed(capsys, "check", "toy", code=3)
    assert found["ok"] is False
    assert "bytes differ" in found["problems"][0]


def test_data(repo: Path, capsys: Captured) -> None:
    found = printed(capsys, "data", "fetch", str(repo / "recipes/ctcf_gm12878.yaml"))
    assert [(one["source"], one["origin"]) for one in found] == [
        ("signal", "embedded"),
        ("input", "embedded"),
    ]
    assert [one["size"] for one in found] == [2_199_555, 2_020_170]
    assert all(Path(one["path"]).stat().st_size == one["size"] for one in found)


def test_reports(
    toy_zoo: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "r.json"
    # `--offline` switches the network off for this process, and so for later tests.
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    # The toy's data is nowhere, so it reaches no level.
    command = ["reproduce", "toy", "--report", str(report)]
    found = printed(capsys, *command, code=3)
    assert found["level"] == "none"
    assert found == json.loads(report.read_text())
    verdict = printed(capsys, "report", "verify", str(report))
    assert verdict == {"model": "toy", "level": found["level"], "mode": "verify"}
    (listed,) = printed(capsys, "report", "list")
    assert listed == {"model": "toy", "holds": False, "problems": []}


def test_calibrate(toy_zoo: Path, tmp_path: Path, capsys: Captured) -> None:
    letters = np.random.default_rng(1).choice(list("ACGT"), 3000)
    (tmp_path / "genome.fa").write_text(">chr1\n" + "".join(letters) + "\n")
    output = str(tmp_path / "own.safetensors")
    command = ["calibrate", "toy", "--kind", "snv", "--alleles", "1000", "-o", output]
    command += ["--fasta", str(tmp_path / "genome.fa"), "--threads", "1", "--device", "cpu"]
    assert printed(capsys, *command) == {"background": output, "alleles": {"random/snv": 1000}}


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Walk over the command line: the words of each command, and the command."""
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name, part in command.commands.items():
        yield from commands(part, (*words, name))


# A JSON Schema is printed as JSON whether asked for or not.
WITHOUT = {"schema"}


def test_every_command_has_the_option() -> None:
    found = dict(commands(build_app()))
    lacking = {
        words
        for words, command in found.items()
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert len(found) > 60
    assert lacking == WITHOUT


def test_a_schema_is_json(capsys: Captured) -> None:
    assert run(["schema", "card"]) == 0
    assert "$schema" in json.loads(capsys.readouterr().out)


GENOME = "--fasta genome.fa --threads 1"
ATLAS = f"atlas toy --region chr1:201-210 {GENOME} --store st"
# In this order: what some write, others read.
STEPS = [
    (f"predict --model toy --region chr1:101-300 {GENOME} -o ./", {}),
    (f"predict --model toy --region chr1:101-300 {GENOME} -o t.tsv", {"intervals": 1}),
    ("plot chr1_101-300.toy.plus.bw --region chr1:101-300 -o t.png", {}),
    (f"score-variants in.vcf --model toy {GENOME} -o s.vcf", {"records": 14, "alleles": 14}),
    ("plan score-variants in.vcf --model toy --fasta genome.fa -o p", {"work": 14}),
    ("run p", {"computed": 1}),
    ("merge p -o m.vcf", {}),
    ("plan predict --model toy --region chr1:1-300 --fasta genome.fa -o pp", {"unit": "windows"}),
    ("plan calibrate toy --kind snv --alleles 1000 --fasta genome.fa -o pc", {"unit": "alleles"}),
    (
        "plan attribute toy --track plus --region chr1:101-300 --fasta genome.fa -o pa",
        {"unit": "regions"},
    ),
    (ATLAS, {"bases": 10, "computed": 30}),
    (
        f"lookup in.vcf --model toy {GENOME.partition(' --t')[0]} --store st -o l.tsv",
        {"records": 14},
    ),
    ("store export toy --fasta genome.fa --store st -o st.tsv.gz", {"alleles": 30}),
    ("bundle export toy -o toy.tar", {"models": ["toy"]}),
    ("example get example", {}),
    ("adopt pwm box.pfm --motif box --licence MIT", {"model": "pwm_box"}),
    ("remove pwm_box", {"model": "pwm_box"}),
]


def test_what_is_written_is_named(
    here: Path, toy_zoo: Path, repo: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_ZOO", str(toy_zoo))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: repo)
    Path("box.pfm").write_text(">box\n9 0 1 0\n0 9 0 1\n0 0 8 0\n1 1 1 9\n")
    for text, expected in STEPS:
        found = printed(capsys, *text.split())
        assert {name: found[name] for name in expected} == expected, text
        files = found.get("files", found.get("outputs", []))
        written = not text.startswith(("atlas", "remove"))
        assert bool(files) == (not text.startswith("atlas")), text
        assert all(Path(file).exists() == written for file in files), text


def test_before_anything_is_written(here: Path, capsys: Captured) -> None:
    (found,) = printed(
        capsys, *f"predict --model toy --region chr1:101-300 {GENOME} --dry-run".split()
    )
    assert (found["model"], found["input_length"], len(found["files"])) == ("toy", 64, 2)
    found = printed(capsys, *f"score-variants in.vcf --model toy {GENOME} --dry-run".split())
    assert (found["records"], found["first_statuses"]) == (14, {"OK": 14})
    assert not any(Path(file).suffix == ".gz" for file in here.iterdir())
    # Scores and a report cannot share stdout.
    assert run(["score-variants", "in.vcf", "--model", "toy", "-o", "-", "--json"]) == 2
    assert run(["lookup", "in.vcf", "--model", "toy", "--store", "st", "--json"]) == 2


def test_weights_and_the_cache(
    here: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    (found,) = printed(capsys, "pull", "toy")
    assert (found["model"], found["files"]) == ("toy", 3)
    assert found["size"] > 1_000
    assert "model.onnx" in {one["file"] for one in printed(capsys, "push", "toy", "--repo", "a/b")}
    assert run(["bundle", "export", "toy", "-o", "toy.tar"]) == 0
    capsys.readouterr()
    assert printed(capsys, "bundle", "import", "toy.tar") == [{"name": "toy", "model": "toy"}]
    listed = printed(capsys, "cache", "list")
    assert sum(part["files"] for part in listed) >= 3
    assert printed(capsys, "cache", "clean", "--all") == listed
    assert printed(capsys, "cache", "list") == []


def test_genomes(repo: Path, capsys: Captured) -> None:
    found = printed(capsys, "genome", "find", "hg19")
    assert found["assembly"] == "hg19"
    assert all(Path(file).is_file() for file in found["files"])
