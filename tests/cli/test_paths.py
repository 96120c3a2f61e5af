"""Paths that the system refuses, as typed: an error with the path, and nothing left behind."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import toy_files
from toy_model import repin, toy_graph, toy_zoo

import zooctl
from zooctl.cli.main import run
from zooctl.files.vcf.chunks import Parts

__all__ = ["repin", "toy_graph", "toy_zoo"]

Captured = pytest.CaptureFixture[str]
LONG = "x" * 300
SCORE = "score-variants in.vcf --model toy --fasta genome.fa --shifts 1"
PREDICT = "predict --model toy --track plus --fasta genome.fa --region chr1"


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "genome.fa").write_text(f">chr1\n{'ACGT' * 100}\n")
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (folder / "in.vcf").write_text(f"{head}chr1\t201\t.\tA\tG\t.\t.\t.\n")
    return folder


def child(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    root = str(Path(zooctl.__file__).parents[1])
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root},
        **options,
    )


@pytest.mark.parametrize(
    "command",
    [
        f"{SCORE} -o {LONG}.vcf",
        f"{SCORE} -o {LONG}/a.vcf",
        f"{SCORE} -o a.vcf --report {LONG}.json",
        f"score-variants {LONG}.vcf --model toy --fasta genome.fa",
        f"score-variants in.vcf --model toy --fasta {LONG}.fa",
        f"{PREDICT} -o {LONG}.bw",
        f"predict --model toy --fasta genome.fa --bed {LONG}.bed",
        f"compare {LONG}.bw {LONG}.bw",
        f"plot {LONG}.bw --region chr1 -o a.png",
        f"info ./{LONG}",
        f"adopt pwm {LONG}.pfm --motif a --assembly hg19 --licence MIT",
        f"bundle export toy -o {LONG}.tar",
        f"bundle import {LONG}.tar",
        f"reproduce toy --report {LONG}.json",
        f"report verify {LONG}.json",
        f"audit {LONG}.yaml",
    ],
    ids=lambda command: command.replace(LONG, "x..x"),
)
def test_names_too_long(command: str, here: Path, capsys: Captured) -> None:
    before = sorted(here.iterdir())
    assert run(command.split()) == 2
    err = capsys.readouterr().err
    assert "File name too long" in err
    assert f"error: {LONG}" in err.replace("./", "")
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("variable", "command", "code"),
    [
        ("ZOOCTL_HOME", f"{PREDICT} -o a.bw", 0),  # done without a cache
        ("ZOOCTL_ZOO", f"{PREDICT} -o a.bw", 2),
        ("ZOOCTL_GENOMES", "predict --model toy --track plus --region chr1 -o a.bw", 2),
        ("ZOOCTL_DATA_MIRROR", "audit toy.yaml --fasta toy.fa", 2),
    ],
)
def test_folders_of_variables_too_long(
    variable: str,
    command: str,
    code: int,
    here: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    toy_files.write(here)
    monkeypatch.setenv(variable, str(here / LONG))
    assert run(command.split()) == code
    assert not code or f"error: {here / LONG}" in capsys.readouterr().err


def test_a_folder_of_parts_that_is_a_file(here: Path, capsys: Captured) -> None:
    with Parts(here / "a.vcf", {}, resume=False) as unfinished:
        parts = unfinished.folder
    shutil.rmtree(parts, ignore_errors=True)
    parts.write_text("somebody's\n")
    assert run([*SCORE.split(), "-o", "a.vcf"]) == 6
    assert f"error: {parts}: " in capsys.readouterr().err
    assert parts.read_text() == "somebody's\n"
    assert not (here / "a.vcf").exists()
    parts.unlink()
    assert run([*SCORE.split(), "-o", "a.vcf"]) == 0


def test_a_disk_that_is_full_while_a_genome_is_indexed(here: Path) -> None:
    (here / "genome.fa").write_text("".join(f">c{n}\n{'ACGT' * 20}\n" for n in range(9_000)))
    command = [sys.executable, "-m", "zooctl", *PREDICT.replace("chr1", "c1").split()]
    limit = (100_000, 100_000)
    done = child(
        [*command, "-o", "a.bw"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert done.returncode == 2, done.stderr
    assert ": no space left (got File too large)" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in here.iterdir()} == {"genome.fa", "in.vcf"}


def test_no_folder_for_temporary_files(here: Path) -> None:
    code = (
        "import sys, tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere', '/proc']; "
        f"from zooctl.cli.main import run; sys.exit(run({[*PREDICT.split(), '-o', 'a.bw']!r}))"
    )
    done = child([sys.executable, "-c", code])
    assert done.returncode == 2
    assert done.stderr.endswith(
        "error: there is no folder for temporary files. Hint: set TMPDIR to a folder that you may "
        "write to\n"
    )
    assert {path.name for path in here.iterdir()} == {"genome.fa", "in.vcf"}
    assert child([sys.executable, "-m", "zooctl", *PREDICT.split(), "-o", "a.bw"]).returncode == 0


@pytest.mark.parametrize("command", [f"{SCORE} -o there/a.vcf", f"{PREDICT} -o there/a.bw"])
def test_a_folder_on_a_read_only_disk(command: str, here: Path) -> None:
    (here / "there").mkdir()
    if shutil.which("unshare") is None or child(["unshare", "-rm", "true"]).returncode:
        pytest.skip("needs a namespace of its own, to mount a disk")
    program = f"{sys.executable} -m zooctl {command}"
    done = child(["unshare", "-rm", "sh", "-c", f"mount -t tmpfs -o ro none there; {program}"])
    assert done.returncode == 2
    path = command.split()[-1]
    assert done.stderr == (
        f"error: {path}: the output's folder is not writable (got Read-only file system). "
        "Hint: name another output with -o\n"
    )
