"""`zooctl info` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]


def test_all_of_the_card_is_shown(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["info", "toy"]) == 0
    out = capsys.readouterr().out
    for text in (
        "toy 0.1.0: Strand-specific toy, for tests",
        "preview: A toy; its predictions mean nothing.",
        "licence       MIT",
        "citation      not known: nobody wrote about it",
        "reads 64 bp, predicts the 32 bp in its middle in bins of 8 bp, keeps 16 bp",
        "train chr20:1-53,000,000; validation chr20:53,000,001-63,025,520; test chr21 (parts of",
        "environment   not known: it was not trained",
        "limit         It is a toy.",
        "EFO:0002784",
        "5-mer ridge",
        "2.2 MB",
        "model.onnx",
    ):
        assert text in out


def test_json_is_the_card_and_the_manifest(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["info", "toy", "--json"]) == 0
    known = json.loads(capsys.readouterr().out)
    assert known["weights_at"] == "local"
    assert known["card"]["tracks"][1]["strand"] == "-"
    assert known["manifest"]["opset"] == 20


def test_what_is_external_is_said(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["info", "toy"]) == 0
    assert "external:" not in capsys.readouterr().out
    card = toy_zoo / "model_cards/toy.yaml"
    card.write_text(card.read_text().replace("split: test", "split: external", 1))
    assert run(["info", "toy"]) == 0
    assert "\nexternal: measured on data of another kind of experiment" in capsys.readouterr().out
    assert run(["list"]) == 0
    assert "pearson 0.510 (external, baseline 0.200)" in capsys.readouterr().out


def test_pictures(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["info", "toy", "--plot"]) == 2
    assert capsys.readouterr().err == "error: model has no picture (got toy)\n"
    motif, track = (toy_zoo / f"model_cards/{name}.png" for name in ("toy.motif", "toy"))
    for path in (motif, track):
        path.write_bytes(b"any")
    assert run(["info", "toy", "--plot"]) == 0
    assert capsys.readouterr().out == f"{track}\n{motif}\n"
    assert run(["info", "toy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == [str(track), str(motif)]
    assert run(["info", "toy"]) == 0
    assert f"picture       {motif}\n" in capsys.readouterr().out
    assert run(["info", "toy", "--plot", "--json"]) == 2


@pytest.mark.parametrize(("screen", "terminal"), [(True, True), (True, False), (False, True)])
def test_pictures_open_on_a_terminal_with_a_screen(
    toy_zoo: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    screen: bool,
    terminal: bool,
) -> None:
    path = toy_zoo / "model_cards/toy.png"
    path.write_bytes(b"any")
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("zooctl.cli.commands.info.is_terminal", lambda: terminal)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0" if screen else "")
    assert run(["info", "toy", "--plot"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert opened == ([str(path)] if screen and terminal else [])


def test_spread_over_seeds(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    spread = "value: 0.51, mean: 0.5, sd: 0.0123, n_seeds: 3"
    card.write_text(card.read_text().replace("value: 0.51", spread))
    assert run(["info", "toy"]) == 0
    assert "0.51   0.5 ± 0.0123 (3)  test" in capsys.readouterr().out


def test_no_split_is_known(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    head, _, rest = card.read_text().partition("split:\n")
    rest = rest.partition("seed:")[2]
    card.write_text(f"{head}split: null\nseed:{rest}  split: its authors do not say\n")
    assert run(["info", "toy"]) == 0
    assert "split         not known: its authors do not say\n" in capsys.readouterr().out


def test_a_wrong_name(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["info", "tyo"]) == 2
    assert capsys.readouterr().err == (
        "error: no such model (got 'tyo'). Hint: did you mean 'toy'?\n"
    )


def test_weights_that_are_not_here(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    head, _, rest = card.read_text().partition("weights:\n")
    unknown = rest[rest.index("unknown:") :]
    card.write_text(f"{head}weights: null\n{unknown}  weights: not trained yet\n")
    for path in (toy_zoo / "zoo/toy").iterdir():
        path.unlink()
    assert run(["info", "toy"]) == 0
    assert "weights       none: not trained yet\n" in capsys.readouterr().out
