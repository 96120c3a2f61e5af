"""`zooctl score-variants` stopped in the middle, in every way, and gone on with."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from zooctl.cli.main import run
from zooctl.files.disk import atomic
from zooctl.files.disk.bgzf import END, compress

Runner = Callable[..., tuple[int, str, str]]
N_RECORDS = 6_000  # five chunks of 1,024 and a part of one
CHROM = "".join(random.Random(1).choices("ACGT", k=7_000))
TEN = ["--shifts", "10"]


def records(n: int, first: int = 100) -> list[str]:
    flip = {"A": "G", "C": "T", "G": "A", "T": "C"}
    return [
        f"chr1\t{pos}\t.\t{CHROM[pos - 1]}\t{flip[CHROM[pos - 1]]}\t.\t.\t."
        for pos in range(first, first + n)
    ]


def vcf(rows: list[str]) -> str:
    head = ["##fileformat=VCFv4.3", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    return "".join(f"{row}\n" for row in head + rows)


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "genome.fa").write_text(f">chr1\n{CHROM}\n")
    (folder / "in.vcf").write_text(vcf(records(N_RECORDS)))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def score(here: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*arguments: str, source: str = "in.vcf") -> tuple[int, str, str]:
        code = run(["score-variants", source, "--model", "toy", "--fasta", "genome.fa", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def n_chunks(folder: Path) -> int:
    """Finished chunks that lie there."""
    journals = [path.read_text() for path in folder.glob(".zooctl-parts-*/journal.jsonl")]
    return sum(text.count("\n") - 1 for text in journals)


def stopped(folder: Path, number: int, output: str) -> tuple[int, float]:
    """Run the command, and send a signal after two chunks; return its exit code and the seconds."""
    command = ["score-variants", "in.vcf", "--model", "toy", "--fasta", "genome.fa", "-o", output]
    process = subprocess.Popen(
        [sys.executable, "-m", "zooctl.cli.main", *command, *TEN],
        stderr=subprocess.PIPE,
    )
    with process:
        deadline = time.monotonic() + 120
        while n_chunks(folder) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        assert process.poll() is None, process.communicate()
        process.send_signal(number)
        sent = time.monotonic()
        process.communicate(timeout=30)
    return process.returncode, time.monotonic() - sent


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)],
)
def test_killed_and_resumed(score: Runner, here: Path, number: int, code: int) -> None:
    """The result has the bytes of a run that nobody stopped; it computes only what is missing."""
    returned, seconds = stopped(here, number, "a.vcf.gz")
    assert returned == code
    assert seconds < 5 * max(1, psutil.getloadavg()[0] / os.cpu_count())
    assert visible(here) == {"genome.fa", "in.vcf"}
    done = n_chunks(here)
    assert 2 <= done < 6
    returned, out, err = score(*TEN, "-o", "a.vcf.gz", "--resume", "--report", "a.json")
    assert (returned, out) == (0, "a.vcf.gz\n"), err
    assert f"resume: {done * 1024:,} records are done already" in err
    assert {path.name for path in here.iterdir()} == {
        *("genome.fa", "in.vcf", "a.vcf.gz", "a.vcf.gz.tbi", "a.json")
    }
    assert score(*TEN, "-o", "b.vcf.gz", "--report", "b.json")[0] == 0
    assert (here / "a.vcf.gz").read_bytes() == (here / "b.vcf.gz").read_bytes()
    assert (here / "a.vcf.gz.tbi").read_bytes() == (here / "b.vcf.gz.tbi").read_bytes()
    first, second = (json.loads((here / f"{name}.json").read_text()) for name in "ab")
    assert first["statuses"] == second["statuses"] == {"OK": N_RECORDS}


@pytest.fixture
def half(score: Runner, here: Path) -> Path:
    """A run on a pipe that broke after 4,000 records left three chunks; returns the VCF's text."""
    fifo = here / "fifo"
    os.mkfifo(fifo)
    packed = io.BytesIO()
    compress(io.BytesIO(vcf(records(4_000)).encode()), packed)
    content = packed.getvalue().removesuffix(END)
    writer = threading.Thread(target=fifo.write_bytes, args=(content,))
    writer.start()
    code, _, err = score(*TEN, "-o", "a.vcf", source="fifo")
    writer.join()
    fifo.unlink()
    assert code == 2
    assert "cut short" in err
    assert "kept: 3,072 records; --resume goes on from there" in err
    assert n_chunks(here) == 3
    return here


def test_resumed_from_another_way_to_read_the_same(score: Runner, half: Path) -> None:
    code, _, err = score(*TEN, "-o", "a.vcf", "--resume")
    assert code == 0, err
    assert score(*TEN, "-o", "b.vcf")[0] == 0
    assert (half / "a.vcf").read_bytes() == (half / "b.vcf").read_bytes()


def test_other_input(score: Runner, half: Path) -> None:
    for rows in (records(N_RECORDS, first=99), records(2_000), []):
        (half / "in.vcf").write_text(vcf(rows))
        code, _, err = score(*TEN, "-o", "a.vcf", "--resume")
        assert code == 2
        assert "in.vcf: cannot resume: the input has changed since" in err
        assert n_chunks(half) == 3
        assert err.endswith("Hint: run it without --resume to begin anew\n")
    (half / "in.vcf").write_text(vcf(records(N_RECORDS)))
    assert score(*TEN, "-o", "a.vcf", "--resume")[0] == 0
    (half / "in.vcf").write_text(vcf(records(2_000)))
    assert score(*TEN, "-o", "a.vcf", "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--shifts", "9"], "shifts"),
        ([*TEN, "--seed", "1"], "seed"),
        ([*TEN, "--rc"], "rc"),
        ([*TEN, "--batch-size", "7"], "batch_size"),
        ([*TEN, "--threads", "1"], "threads"),
        ([*TEN, "--region", "chr1:1-7,000"], "regions"),
    ],
)
def test_other_options(score: Runner, half: Path, arguments: list[str], what: str) -> None:
    code, _, err = score(*arguments, "-o", "a.vcf", "--resume")
    assert code == 2
    assert f"cannot resume: {what} has changed since" in err
    assert n_chunks(half) == 3


def test_other_genome(score: Runner, half: Path) -> None:
    (half / "genome.fa").write_text(f">chr1\n{CHROM[:-1]}\n")
    code, _, err = score(*TEN, "-o", "a.vcf", "--resume")
    assert code == 2
    assert "cannot resume: genome has changed since" in err
    assert err.endswith("Hint: run it as before, or without --resume to begin anew\n")
    assert score(*TEN, "-o", "a.vcf")[0] == 0


def test_without_resume_it_begins_anew(score: Runner, half: Path) -> None:
    code, _, err = score(*TEN, "-o", "a.vcf")
    assert code == 0
    assert "resume: " not in err
    assert "note: 3,072 records of an unfinished run of a.vcf are done again; --resume" in err
    assert n_chunks(half) == 0


def test_nothing_to_resume(score: Runner, here: Path) -> None:
    (here / "in.vcf").write_text(vcf(records(10)))
    code, _, err = score(*TEN, "-o", "a.vcf", "--resume")
    assert code == 0
    assert "resume: no unfinished run is there; starting from the first record" in err


def test_stopped_between_the_file_and_its_index(
    score: Runner, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output is there without its index; going on makes both at once."""
    (here / "in.vcf").write_text(vcf(records(10)))
    publish = atomic._publish

    def stopped(temporary: Path, real: Path, force: bool) -> None:
        if real.suffix == ".tbi":
            raise KeyboardInterrupt
        publish(temporary, real, force)

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_publish", stopped)
        assert score(*TEN, "-o", "a.vcf.gz")[0] == 130
    assert visible(here) == {"genome.fa", "in.vcf", "a.vcf.gz"}
    first = (here / "a.vcf.gz").read_bytes()
    code, _, err = score(*TEN, "-o", "a.vcf.gz", "--resume", "--force")
    assert code == 0
    assert "resume: 10 records are done already" in err
    assert (here / "a.vcf.gz").read_bytes() == first
    assert visible(here) == {"genome.fa", "in.vcf", "a.vcf.gz", "a.vcf.gz.tbi"}


@pytest.mark.parametrize("at", [".gz", ".tbi"])
@pytest.mark.parametrize("again", [[], ["--resume"]])
def test_stopped_over_an_older_output(
    score: Runner, here: Path, monkeypatch: pytest.MonkeyPatch, at: str, again: list[str]
) -> None:
    """The index of the older file never lies beside the new one; the same call mends it."""
    (here / "in.vcf").write_text(vcf(records(30)))
    assert score(*TEN, "-o", "new.vcf.gz")[0] == 0
    (here / "in.vcf").write_text(vcf(records(10)))
    assert score(*TEN, "-o", "a.vcf.gz")[0] == 0
    (here / "in.vcf").write_text(vcf(records(30)))
    publish = atomic._publish

    def stopped(temporary: Path, real: Path, force: bool) -> None:
        if real.suffix == at:
            raise KeyboardInterrupt
        publish(temporary, real, force)

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_publish", stopped)
        assert score(*TEN, "-o", "a.vcf.gz", "--force")[0] == 130
    assert not (here / "a.vcf.gz.tbi").exists()
    assert score(*TEN, "-o", "a.vcf.gz", "--force", *again)[0] == 0
    for suffix in (".gz", ".gz.tbi"):
        assert (here / f"a.vcf{suffix}").read_bytes() == (here / f"new.vcf{suffix}").read_bytes()
    assert not list(here.glob(".zooctl-parts*"))


def test_a_work_folder_of_somebody_else(score: Runner, half: Path) -> None:
    (folder,) = half.glob(".zooctl-parts*")
    folder.chmod(0o777)
    code, _, err = score(*TEN, "-o", "a.vcf", "--resume")
    assert code == 6
    assert "somebody else may change the work folder (got mode 777" in err


def test_too_much_skipped_is_kept(score: Runner, here: Path) -> None:
    """It was computed; the same call with a higher share takes it up."""
    foreign = [f"chr1\t{8000 + n}\t.\tA\tC\t.\t.\t." for n in range(4_000)]
    (here / "in.vcf").write_text(vcf(records(1_100) + foreign))
    code, _, err = score(*TEN, "-o", "a.vcf")
    assert code == 2
    assert "too many alleles disagree with the genome (got OUT_OF_RANGE 4,000 of 5,100" in err
    assert "kept: 5,100 records; --resume with a larger --max-skipped goes on from there" in err
    code, _, err = score(*TEN, "-o", "a.vcf", "--resume", "--max-skipped", "0.9")
    assert code == 0
    assert "resume: 5,100 records are done already" in err
