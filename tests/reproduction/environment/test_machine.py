"""Of a run's machine all is told that a reader needs, and no name of the machine."""

from __future__ import annotations

import json
import platform
import socket
from pathlib import Path

import pytest

from zooctl.reproduction.environment.machine import (
    folder_bytes,
    measure_machine,
    missing_details,
    run_details,
)
from zooctl.reproduction.report.rows import RunDetails, StageRecord

TRAIN = StageRecord(name="train", inputs={}, outputs={}, seconds=1.0, resumed=False)


def test_what_is_measured_is_all_that_is_asked_for() -> None:
    machine = measure_machine(12)
    assert missing_details(run_details(machine, 3.5, [TRAIN])) == []
    assert machine.processor.strip()
    assert platform.python_version() in machine.system
    said = json.dumps(machine.model_dump())
    assert socket.gethostname() not in said.replace("localhost", "")


def test_the_processor_is_the_one_that_the_system_names() -> None:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists() or "model name" not in cpuinfo.read_text():
        pytest.skip("no model name in /proc/cpuinfo")
    words = measure_machine(1).processor.split()
    assert any(
        line.partition(":")[2].split() == words
        for line in cpuinfo.read_text().splitlines()
        if line.startswith("model name")
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"processor": ""}, ["processor"]),
        ({"os_release": None}, ["os_release"]),
        ({"processors": 0}, ["processors"]),
        ({"memory_bytes": "much"}, ["memory_bytes"]),
        ({"seconds": float("nan")}, ["seconds"]),
        ({"disk_bytes": 0, "steps": []}, ["disk_bytes", "steps"]),
        ({"mood": "good"}, []),
    ],
)
def test_what_is_not_said_is_named(change: dict[str, object], named: list[str]) -> None:
    document = run_details(measure_machine(12), 3.5, [TRAIN])
    assert missing_details(document | change) == named
    for name in named:
        del document[name]
    assert missing_details(document) == named


def test_any_other_words_are_nothing() -> None:
    assert missing_details({"mood": "good"}) == list(RunDetails.model_fields)


def test_bytes_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/a").write_bytes(b"123")
    (tmp_path / "b").write_bytes(b"4567")
    assert folder_bytes(tmp_path) == 7
