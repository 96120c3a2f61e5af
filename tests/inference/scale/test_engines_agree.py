"""Large runs over every engine: four equal digests each, and little memory a worker."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from toy_clusters import KILLED, said, wait_for

from zooctl.files.disk.pinned import file_digest

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
FLIP = {"A": "G", "C": "T", "G": "A", "T": "C"}
GIGABYTE = 1 << 30
# As many as the promise says, unless a smaller run is asked for.
RECORDS = int(os.environ.get("ZOOCTL_RECORDS", "1000000"))
SITES = int(os.environ.get("ZOOCTL_SITES", "20000"))
# A million records take a busy machine an hour and more.
WAIT = 4 * 3_600


def zooctl(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zooctl", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def watch(peaks: list[int], stop: threading.Event) -> None:
    """Note the memory of every worker of the pool."""
    me = psutil.Process()
    while not stop.is_set():
        for process in me.children(recursive=True):
            try:
                if any(one.endswith(".worker") for one in process.cmdline()):
                    peaks.append(process.memory_info().rss)
            except psutil.Error:
                continue
        time.sleep(0.2)


def agree(asked: list[str], ray_python: str, n_shards: int, kind: str, verb: str) -> None:
    """Compare the plain run with a pool, with Slurm, and with Ray whose node is killed."""
    zooctl(verb, *asked, "--threads", "1", "-o", f"plain.{kind}")
    digests = {"plain": file_digest(Path(f"plain.{kind}"))}
    peaks: list[int] = []
    for engine in ("pool", "slurm", "ray"):
        plan = ["plan", verb, *asked, "--threads", "1", "--shards", str(n_shards)]
        zooctl(*plan, "-o", "plan", "--force")
        output = f"{engine}.{kind}"
        if engine == "slurm":
            zooctl("submit", "plan", "--slurm", "-o", output, "--tasks", "8")
            wait_for(lambda: not said("squeue", "-h"), seconds=WAIT)
        elif engine == "ray":
            done = subprocess.run([ray_python, "-c", KILLED], capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            zooctl("merge", "plan", "-o", output)
        else:
            stop = threading.Event()
            watching = threading.Thread(target=watch, args=(peaks, stop))
            watching.start()
            zooctl("run", "plan", "--workers", "2")
            stop.set()
            watching.join()
            zooctl("merge", "plan", "-o", output)
        digests[engine] = file_digest(Path(output))
        print(engine, digests[engine], digests[engine] == digests["plain"], flush=True)
    print(f"largest worker {max(peaks) / 1e6:,.0f} MB")
    assert len(set(digests.values())) == 1, digests
    assert max(peaks) < 2 * GIGABYTE


@pytest.mark.slow
def test_a_million_records(
    slurm: Path, ray_python: str, toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    letters = "".join(random.Random(3).choices("ACGT", k=RECORDS + 1_000))
    Path("genome.fa").write_text(f">chr1\n{letters}\n")
    with gzip.open("in.vcf.gz", "wt") as file:
        file.write(HEAD)
        for pos in range(501, RECORDS + 501):
            ref = letters[pos - 1]
            file.write(f"chr1\t{pos}\t.\t{ref}\t{FLIP[ref]}\t.\tPASS\t.\n")
    subprocess.run("zcat in.vcf.gz > in.vcf", shell=True, check=True)
    asked = ["in.vcf", "--model", "toy", "--fasta", "genome.fa", "--shifts", "2"]
    agree(asked, ray_python, 40, "vcf.gz", "score-variants")


@pytest.mark.slow
def test_real_sites_of_two_models(
    slurm: Path, ray_python: str, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20,000 sites of 1000 Genomes, by their places on chr21 of hg19, a window of each allele."""
    from zooctl.catalog.genomes import find_genome
    from zooctl.files.fasta.reader import Fasta
    from zooctl.files.intervals.liftover import Chain
    from zooctl.sequence.intervals import Interval
    from zooctl.sequence.onehot import decode

    monkeypatch.chdir(tmp_path)
    lift = Chain(mirror / "chains/hg38ToHg19.over.chain.gz")
    paths, _ = find_genome("hg19")
    with Fasta(*paths) as genome, Path("in.vcf").open("w") as file:
        letters = decode(genome.codes("chr21", 0, genome.contigs["chr21"]))
        with gzip.open(mirror / "vcf_1000g_grch38/1000Genomes_chr21-22.vcf.gz", "rt") as source:
            rows = [row.split("\t")[:5] for row in source if row.startswith("21\t")]
        found = []
        for _, pos, name, ref, alt in rows:
            place = lift.lift(Interval("chr21", int(pos) - 1, int(pos) - 1 + len(ref)))
            if place and place.chrom == "chr21" and letters[place.start : place.end] == ref:
                found.append((place.start + 1, name, ref, alt))
        file.write(HEAD)
        for pos, name, ref, alt in sorted(found)[:SITES]:
            file.write(f"chr21\t{pos}\t{name}\t{ref}\t{alt}\t.\tPASS\t.\n")
    models = ["--model", "pwm_ctcf,ctcf_gm12878", "--shifts", "1", "--max-shift", "0"]
    agree(["in.vcf", *models], ray_python, 20, "vcf.gz", "score-variants")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "region"),
    [
        ("ctcf_gm12878", "chr21"),
        ("h3k36me3_brain", "chr21:33,000,001-36,000,000"),
    ],
)
def test_tracks(
    model: str,
    region: str,
    slurm: Path,
    ray_python: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    agree(["--model", model, "--region", region], ray_python, 12, "bw", "predict")
