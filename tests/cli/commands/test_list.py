"""`zooctl list` as typed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]

# What a look at the catalog has no use for, and takes long to import.
HEAVY = "torch onnx onnxruntime scipy sklearn huggingface_hub cyvcf2 pyBigWig pyfaidx matplotlib"


def rows(text: str) -> list[dict[str, str]]:
    """Tab-separated values by column."""
    head, *lines = (line.split("\t") for line in text.splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_values_in_a_pipe(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["list"]) == 0
    size = sum(p.stat().st_size for p in (toy_zoo / "zoo/toy").iterdir() if p.suffix != ".json")
    out, err = capsys.readouterr()
    assert err == "toy: preview: A toy; its predictions mean nothing.\n"
    assert rows(out) == [
        {
            "name": "toy",
            "task": "expression",
            "assay": "RNA-seq",
            "target": "",
            "biosample": "GM12878",
            "assembly": "hg19",
            "licence": "MIT",
            "size": str(size),
            "weights": "local",
            "status": "preview",
            "headline": "pearson 0.510 (test, baseline 0.200)",
        }
    ]


def test_a_table_of_80_columns_on_a_terminal(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zooctl.cli.ui.tables.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["list"]) == 0
    table, _, remarks = capsys.readouterr().out.partition("\n\n")
    lines = table.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["name", "task", "biosample", "assembly", "licence"]
    (deepbind,) = [line for line in lines if line.startswith("deepbind ")]
    assert deepbind.split()[1] == "binding"
    assert deepbind.endswith("BSD-3-Clause")
    (spliceai,) = [line for line in lines if line.startswith("spliceai ")]
    assert "none, sequen…" in spliceai
    assert spliceai.endswith("CC-BY-NC-4.0")
    assert "spliceai: The weights are CC BY-NC 4.0" in remarks
    first = remarks.splitlines()[0]
    assert first.startswith("weights are downloaded at first use, with the network: aparent2, deep")
    assert "ctcf_gm12878" not in first

    monkeypatch.setenv("COLUMNS", "120")
    assert run(["list"]) == 0
    table = capsys.readouterr().out.partition("\n\n")[0]
    assert 80 < max(map(len, table.splitlines())) <= 120
    assert "none, sequence alone  " in table
    assert "accessibility, histone marks  " in table


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--task", "splicing"], "mmsplice openspliceai_10k openspliceai_400 spliceai"),
        (["--target", "ctcf", "--assay", "chip-seq"], "ctcf_gm12878 deepbind"),
        (
            ["--target", "ctcf", "--experimental"],
            "ctcf_dream ctcf_gm12878 ctcf_new_cell deepbind pwm_ctcf",
        ),
        (["--target", "CTCF", "--biosample", "gm12878"], "ctcf_gm12878"),
        (["--licence", "CC-BY-NC"], "spliceai"),
        (["--assembly", "sacCer3"], "atac_yeast"),
        (["brain", "--task", "expression"], "rnaseq_brain"),
        (["xpresso"], "xpresso"),
        (["no such thing"], ""),
    ],
)
def test_filters(options: list[str], names: str, capsys: Captured) -> None:
    assert run(["list", *options]) == 0
    out, err = capsys.readouterr()
    assert [row["name"] for row in rows(out)] == names.split()
    assert ("no model is like that" in err) == (not names)


def test_json(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["list", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)
    assert (model["name"], model["weights"], model["status"]) == ("toy", "local", "preview")
    assert (model["notice"], model["experimental"]) == (
        "A toy; its predictions mean nothing.",
        None,
    )
    assert isinstance(model["size"], int)


def test_what_is_experimental_says_why(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    text = card.read_text().replace("status: preview", "experimental: Loses to a toy.")
    card.write_text(text)
    assert run(["list"]) == 0
    out, err = capsys.readouterr()
    assert rows(out) == []
    assert "1 model is experimental and left out; --experimental lists all" in err
    assert run(["list", "--experimental"]) == 0
    out, err = capsys.readouterr()
    (row,) = rows(out)
    assert row["status"] == "experimental"
    assert err == "toy: A toy; its predictions mean nothing.\ntoy: experimental: Loses to a toy.\n"


def test_long_rows_are_not_cut_in_a_pipe(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    long = "tissue " * 40
    card.write_text(card.read_text().replace("biosample: GM12878", f'biosample: "{long}x"'))
    assert run(["list"]) == 0
    assert f"{long}x" in capsys.readouterr().out


def test_one_bad_card_does_not_hide_the_others(toy_zoo: Path, capsys: Captured) -> None:
    cards = toy_zoo / "model_cards"
    (cards / "bad.yaml").write_text("name: bad\n")
    shutil.copy(cards / "toy.yaml", cards / "zebra.yaml")
    assert run(["list"]) == 2
    out, err = capsys.readouterr()
    assert [row["name"] for row in rows(out)] == ["toy", "zebra"]
    assert "bad.yaml:1: title: required field is missing" in err


def test_cards_cannot_steer_the_terminal(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    nasty = '"\\e]0;owned\\a\\u202egnp.[red]"'
    card.write_text(card.read_text().replace("biosample: GM12878", f"biosample: {nasty}"))
    for command in (["list"], ["info", "toy"]):
        assert run(command) == 0
        out = capsys.readouterr().out
        assert "\\x1b]0;owned\\x07\\u202egnp.[red]" in out
        assert out.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.parametrize("command", [["list"], ["info", "toy"], ["--help"]])
def test_nothing_heavy_is_imported(toy_zoo: Path, command: list[str]) -> None:
    code = (
        "import sys; from zooctl.cli.main import run; code = run(sys.argv[1:])\n"
        f"heavy = sorted(sys.modules.keys() & set({HEAVY.split()}))\n"
        "sys.exit(str(heavy) if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
