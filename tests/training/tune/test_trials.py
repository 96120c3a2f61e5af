"""Tables of the trials of a search."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from zooctl.training.tune.trials import (
    Trial,
    as_csv,
    as_markdown,
    folder_of,
    ranked,
    read_trial,
    write_outcome,
)

VALUES = {"optimiser.lr": 0.002, "network": {"key": "bpnet"}}
TRIALS = [
    Trial(0, "finished", VALUES, 1, (0.5, 0.25, 0.3)),
    Trial(1, "failed", VALUES, 1, (0.1,), "loss is not a number, at epoch 1"),
    Trial(2, "stopped", VALUES | {"optimiser.lr": 0.1}, 1, (0.2,)),
    Trial(3, "unfinished", VALUES, 1, ()),
]


def test_those_that_failed_cannot_win() -> None:
    assert [trial.number for trial in ranked(TRIALS)] == [2, 0, 1, 3]


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(TRIALS).decode())))
    assert rows[0] == {
        "trial": "0",
        "status": "finished",
        "epochs": "3",
        "best_epoch": "1",
        "validation_loss": "0.25",
        "seed": "1",
        "optimiser.lr": "0.002",
        "network": '{"key": "bpnet"}',
        "note": "",
    }
    assert rows[1]["note"] == "loss is not a number, at epoch 1"
    assert rows[3]["validation_loss"] == ""


def test_markdown_has_the_best_first() -> None:
    lines = as_markdown(TRIALS).decode().splitlines()
    assert lines[:3] == [
        "| trial | validation loss | epochs | status | optimiser.lr | network |",
        "| --- | --- | --- | --- | --- | --- |",
        '| 2 | 0.20000 | 1 | stopped | 0.1 | {"key": "bpnet"} |',
    ]
    assert lines[-1].startswith("| 3 | – | 0 | unfinished |")


def test_a_trial_is_read_from_its_folder(tmp_path: Path) -> None:
    run = folder_of(tmp_path, 4)
    run.mkdir(parents=True)
    assert read_trial(tmp_path, 4, VALUES, 9) == Trial(4, "unfinished", VALUES, 9, ())
    (run / "metrics.csv").write_text("epoch,validation_loss\n0,0.5\n1,0.25\n")
    write_outcome(run, "stopped")
    write_outcome(run, "failed", "its process died")  # when it was stopped already
    assert read_trial(tmp_path, 4, VALUES, 9) == Trial(4, "stopped", VALUES, 9, (0.5, 0.25))
