"""`zooctl audit` as typed, on files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.schema.strict_yaml import dumps, load

Captured = pytest.CaptureFixture[str]
Audit = Callable[..., int]


@pytest.fixture
def audit(folder: Path) -> Audit:
    """``zooctl audit`` of the toy with these options, and the toy's genome."""

    def typed(*options: str) -> int:
        return run(["audit", str(folder / "toy.yaml"), "--fasta", str(folder / "toy.fa"), *options])

    return typed


def give_the_answer(folder: Path) -> None:
    """Have the network read as control what it is to predict."""
    document = dict(load(folder / "toy.yaml").data)
    signal = next(source for source in document["sources"] if source["id"] == "signal")
    controls = [{"name": "input", "signal": {"key": "bigwig", "source": "signal"}}]
    (folder / "toy.yaml").write_text(dumps(document | {"sources": [signal], "controls": controls}))


def test_findings_are_printed(audit: Audit, capsys: Captured) -> None:
    assert audit() == 0
    out = capsys.readouterr().out
    assert out.startswith("toy: 1 warning; 13 checks clear, 7 do not apply, 1 not run\n")
    assert "warning: dependence.same_chromosome (dependent examples)" in out
    assert "validation and test share chr1" in out
    assert "  To do: hold out whole chromosomes" in out
    assert "not run: confounding.genes\n  no gene annotation (give one with --genes)" in out
    assert "imbalance.resampling" not in out

    assert audit("-v") == 0
    out = capsys.readouterr().out
    assert "clear:\n" in out
    assert "  imbalance.resampling: validation has its windows side by side" in out
    assert "\n    correlation_length: 32\n" in out


def test_a_severe_finding_is_exit_3(audit: Audit, folder: Path, capsys: Captured) -> None:
    give_the_answer(folder)
    assert audit() == 3
    out, err = capsys.readouterr()
    assert "severe: leakage.same_source" in out
    assert "severe findings stand (got leakage.same_source, imbalance.prevalence)" in err


def test_a_card_acknowledges_it(
    audit: Audit, folder: Path, repo: Path, tmp_path: Path, capsys: Captured
) -> None:
    give_the_answer(folder)
    card = dict(load(repo / "tests/data/toy_zoo/model_cards/toy.yaml").data)
    # No bin is three times its control, where that is the signal itself.
    found = ("leakage.same_source", "imbalance.prevalence")
    card["audit"] = [{"finding": one, "reason": "It is a toy."} for one in found]
    path = tmp_path / "card.yaml"
    assert audit() == 3
    assert "acknowledge them on the card with a reason (field audit)" in capsys.readouterr().err
    path.write_text(dumps(card))
    assert audit("--card", str(path)) == 0
    out = capsys.readouterr().out
    assert "(2 acknowledged)" in out
    assert "  Acknowledged: It is a toy." in out


def test_json(audit: Audit, capsys: Captured) -> None:
    assert audit("--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["standing"] == []
    assert found["not_run"] == ["confounding.genes"]
    levels = {one["id"]: one["level"] for one in found["findings"]}
    assert levels["dependence.near_duplicates"] == "clear"
    assert levels["shift.assemblies"] == "clear"


def test_genes(audit: Audit, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "genes.gtf"
    path.write_text('chr1\tx\tgene\t1\t20000\t.\t+\t.\tgene_id "g";\n')
    assert audit("--genes", str(path), "--json", "--strict") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["not_run"] == []
    path.write_text("chr1\t1\t20\n")
    assert audit("--genes", str(path)) == 2


def test_data_that_are_not_here(
    audit: Audit, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR")
    assert audit() == 0
    out = capsys.readouterr().out
    assert out.startswith("toy: nothing found in what was run; ")
    assert out.count("source signal is not here and has no address") == 2
    assert "not run: dependence.shared_bases, dependence.near_duplicates, " in out
    assert audit("--strict") == 2
    assert "error: checks were not run (got dependence.shared_bases, " in capsys.readouterr().err


def test_data_that_changed_are_refused(audit: Audit, folder: Path, capsys: Captured) -> None:
    (folder / "s.bw").write_bytes(b"other")
    assert audit() in (0, 5)
    assert "differs from the pinned bytes" in "".join(capsys.readouterr())


def test_a_bigwig_of_another_assembly(audit: Audit, folder: Path, capsys: Captured) -> None:
    """Training would stop in the middle; the audit says what is wrong and what it could not do."""
    text = (folder / "toy.fa").read_text()
    (folder / "toy.fa").write_text(text.strip() + "ACGT\n")
    assert audit() == 3
    out = capsys.readouterr().out
    assert "severe: shift.assemblies" in out
    assert "chr1 of 40,000 bp, in the genome 40,004" in out


@pytest.mark.parametrize("name", ["toy", "absent", "toy.yaml"])
def test_names(toy_zoo: Path, name: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model's data are nowhere; a name or file that is not there is an error."""
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    assert run(["audit", name]) == (0 if name == "toy" else 2)
    captured = capsys.readouterr()
    assert ("toy: " in captured.out) == (name == "toy")


def test_a_recipe_without_a_card(
    toy_zoo: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    text = (toy_zoo / "recipes/toy.yaml").read_text()
    (toy_zoo / "recipes/fresh.yaml").write_text(text.replace("name: toy\n", "name: fresh\n"))
    assert run(["audit", "fresh"]) == 0
    assert capsys.readouterr().out.startswith("fresh: ")


def test_a_model_without_a_recipe(toy_zoo: Path, capsys: Captured) -> None:
    (toy_zoo / "recipes/toy.yaml").unlink()
    assert run(["audit", "toy", "-v"]) == 0
    out, err = capsys.readouterr()
    assert err.endswith("] toy has no training recipe: its card alone is audited\n")
    assert "19 not run" in out
    assert "\n  not checkable: no training recipe" in out
    card = toy_zoo / "model_cards/toy.yaml"
    document = dict(load(card).data)
    document["split"] = document["split"] | {"test": []}
    card.write_text(dumps(document))
    assert run(["audit", "toy", "--json"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["standing"] == ["card.test_regions"]
    assert "severe findings stand (got card.test_regions)" in err
