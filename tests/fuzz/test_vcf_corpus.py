"""Sound VCFs of every feature come out with all records unchanged; broken ones are refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fuzz import oracles
from fuzz.genomic import score
from fuzz.place import Place, make
from fuzz.run import ALONE
from fuzz.vcf_corpus import VERSIONS, passing
from fuzz.vcf_faults import failing

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]
PASSING = {one.name: one.content for one in passing()}
FAILING = {one.name: one for one in failing()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make(tmp_path_factory.mktemp("corpus") / "place")


@pytest.fixture(autouse=True)
def settled(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.settle()
    monkeypatch.chdir(tmp_path)


def test_there_are_files_of_every_version() -> None:
    versions = Counter(name.split()[0] for name in PASSING)
    assert set(versions) == set(VERSIONS)
    assert min(versions.values()) >= 30
    assert len(FAILING) >= 90
    for one in FAILING.values():
        assert 1 <= one.line <= one.content.count(b"\n") + 1, one.name


@pytest.mark.parametrize("version", VERSIONS)
def test_sound_records_come_out_unchanged(place: Place, version: str, capsys: Captured) -> None:
    for name, content in PASSING.items():
        if name.startswith(f"{version} "):
            Path("in.vcf").write_bytes(content)
            assert run(score(place, "in.vcf", "out.vcf", "--force")) == 0, (
                name,
                capsys.readouterr(),
            )
            out = oracles.vcf_lines(Path("out.vcf").read_bytes())
            assert oracles.differing_record(oracles.vcf_lines(content), out) is None, name
            capsys.readouterr()


@pytest.mark.parametrize("name", FAILING)
def test_broken_ones_are_refused_with_their_line_or_unchanged(
    place: Place, name: str, capsys: Captured
) -> None:
    one = FAILING[name]
    Path("in.vcf").write_bytes(one.content)
    code = run(score(place, "in.vcf", "out.vcf"))
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert code == (2 if one.refused else code)
    if code == 0:
        out = oracles.vcf_lines(Path("out.vcf").read_bytes())
        assert oracles.differing_record(oracles.vcf_lines(one.content), out) is None
        if name.startswith("allele: "):
            text = Path("out.vcf").read_text(encoding="utf-8")
            assert [
                line
                for line in text.splitlines()
                if "INVALID_ALLELE" in line and "\tbroken\t" in line
            ]
        return
    assert not name.startswith("allele: "), said
    assert code == 2, said
    assert not Path("out.vcf").exists()
    assert f"in.vcf:{one.line}: " in said


SCRIPT = """
import dataclasses, json, sys, time
sys.path[:0] = [{tests!r}]
from fuzz.fuzzer import Fuzzer
from pathlib import Path
from fuzz import child
from fuzz.formats import all_formats
from fuzz.genomic import score
from fuzz.vcf_faults import failing

fuzzer = Fuzzer(Path({folder!r}), Path({folder!r}) / "kept", 1)
fuzzer.fuzz(all_formats()["vcf"], 1, 0)  # imports what the command needs, once for all
place = fuzzer.place
binary = dataclasses.replace(
    all_formats()["vcf"],
    command=lambda place, work: score(place, work.write("in.vcf"), "out.bcf"),
    sound=frozenset({{0, 2}}),
)
for number, one in enumerate(one for one in failing() if not one.refused):
    folder = Path({folder!r}) / str(number)
    case = child.start(binary, child.Seeds([one.content], []), place, (0, 0), folder)
    while (outcome := child.end(case)) is None:
        time.sleep(0.005)
    print(json.dumps([one.name, outcome.code, outcome.why]))
"""


@pytest.fixture(scope="module")
def as_bcf(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Exit code and fault of each broken file, scored into a BCF in a process of its own."""
    script = SCRIPT.format(tests=str(repo / "tests"), folder=str(tmp_path_factory.mktemp("bcf")))
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ALONE | {"PYTHONPATH": str(repo)},
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {name: (code, why) for name, code, why in found}


@pytest.mark.parametrize("name", [name for name, one in FAILING.items() if not one.refused])
def test_as_bcf_they_are_whole_or_refused(as_bcf: dict[str, tuple[int, str]], name: str) -> None:
    """A BCF cannot hold all that a line can: then there is none, or it has every record."""
    code, why = as_bcf[name]
    assert why == ""
    assert code in (0, 2)
