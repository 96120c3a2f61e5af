"""`zooctl score-variants` on a million records: memory stays what it was after the first few."""

from __future__ import annotations

import contextlib
import gzip
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil
import pytest

from zooctl.catalog.genomes import find_genome
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.liftover import Chain
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import decode

VARIANTS = "vcf_1000g_grch38/1000Genomes_chr21-22.vcf.gz"
CHAIN = "chains/hg38ToHg19.over.chain.gz"
N_RECORDS = 1_000_000
GIGABYTE = 1 << 30


def write_variants(mirror: Path, genome: Fasta, target: Path) -> None:
    """SNVs at the real sites of chr21, lifted to hg19, and at bases 7, 14, … behind each."""
    lift = Chain(mirror / CHAIN)
    with gzip.open(mirror / VARIANTS, "rt") as file:
        places = [int(row.split("\t")[1]) - 1 for row in file if row.startswith("21\t")]
    lifted = [lift.lift(Interval("chr21", place, place + 1)) for place in places]
    sites = [interval.start for interval in lifted if interval and interval.chrom == "chr21"]
    letters = decode(genome.codes("chr21", 0, genome.contigs["chr21"]))
    wanted: list[int] = []
    step = 0
    while len(wanted) < N_RECORDS:
        moved = (site + 7 * step for site in sites)
        wanted += [place for place in moved if place < len(letters) and letters[place] != "N"]
        step += 1
    draw = random.Random(0)
    with target.open("w") as file:
        file.write("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for place in sorted(wanted[:N_RECORDS]):
            ref = letters[place]
            alt = draw.choice([letter for letter in "ACGT" if letter != ref])
            file.write(f"chr21\t{place + 1}\t.\t{ref}\t{alt}\t.\tPASS\tAC=2016;AN=5096\n")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["from file to file", "in a pipe"])
def test_a_million_records(
    toy_zoo: Path,
    repo: Path,
    mirror: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    """Prints the peak memory, as docs/speed.md quotes it."""
    (toy_zoo / "recipes/data").symlink_to(repo / "recipes/data")
    monkeypatch.chdir(tmp_path)
    paths, _ = find_genome("hg19")
    with Fasta(*paths) as genome:
        write_variants(mirror, genome, tmp_path / "in.vcf")
    source, target, form = (
        ("-", "-", ["-O", "z"]) if way == "in a pipe" else ("in.vcf", "a.vcf.gz", [])
    )
    command = ["score-variants", source, "--model", "toy", "--track", "plus", "-o", target, *form]
    memory: list[int] = []
    with contextlib.ExitStack() as files:
        pipes: dict[str, IO[bytes]] = {}
        if form:
            pipes["stdin"] = files.enter_context(Path("in.vcf").open("rb"))
            pipes["stdout"] = files.enter_context(Path("a.vcf.gz").open("wb"))
        process = files.enter_context(
            subprocess.Popen([sys.executable, "-m", "zooctl.cli.main", *command], **pipes)
        )
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                memory.append(watched.memory_info().rss)
            time.sleep(0.5)
    assert process.returncode == 0
    print(f"{N_RECORDS:,} records, {way}: peak memory {max(memory) / 1e6:,.0f} MB")
    assert max(memory) < 1.5 * GIGABYTE
    # It does not grow: after the first tenth there is no higher tenth.
    tenth = len(memory) // 10
    assert max(memory[-2 * tenth :]) < 1.2 * max(memory[tenth : 3 * tenth])
    with gzip.open("a.vcf.gz", "rb") as file:
        n_records = sum(1 for row in file if not row.startswith(b"#"))
    assert n_records == N_RECORDS
