"""Commands are silent: below any library, no name is looked up, no packet sent, no home touched."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import toy_files
from watched_process import Watched, run_watched

from zooctl.cli import main

DATA = "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"
REGION = "chr21:33,000,001-33,100,000"
SITE = "chr21:39,731,881-39,731,920"
VCF = """##fileformat=VCFv4.2
##contig=<ID=chr21,length=48129895>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
chr21\t33949059\t.\tG\tA\t.\tPASS\t.
"""
FLIP = {"A": "G", "C": "T", "G": "A", "T": "C"}
SEQUENCE = "AGTGACACAGGTGTCCGAGGCCACCTTTCC"  # of hg19, chr21 from 33,949,050
REACHING = """
import socket
for call in (
    lambda: socket.getaddrinfo("collector.invalid", 443),
    lambda: socket.create_connection(("192.0.2.1", 443), timeout=0.1),
    lambda: socket.create_connection(("2001:db8::1", 443), timeout=0.1),
):
    try:
        call()
    except OSError:
        pass
"""
# Without the variable, onnxruntime 1.31 looks up its collector 10 s after it was loaded, and
# again later; the identifier in the home folder is written at once.
PREDICTING = """
import sys, time, zooctl
model = zooctl.load("ctcf_gm12878", device="cpu")
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    model.predict(["ACGT" * 512])
    time.sleep(0.05)
"""
COMMANDS = {
    "catalog": [
        "list",
        "info ctcf_gm12878",
        "check pwm_ctcf",
        "schema card",
        "env --json",
        "pull ctcf_gm12878",
        "bundle export ctcf_gm12878 -o zoo.tar",
        "bundle import zoo.tar --into zoo",
        "genome find hg19",
        "data fetch ctcf_gm12878",
        "data resolve E071-H3K36me3.pval.signal.bigwig",
        f"data correlate {{repo}}/{DATA} {{repo}}/{DATA.replace('CTCF_5M', 'Input_5M')}",
        "report list",
        "test pwm_ctcf",
        "genome list",
        "cache list",
        "cache clean --all",
        "example get example",
    ],
    "adopt": [
        "adopt onnx {repo}/tests/data/graphs/ai_onnx.onnx --name mine --tracks a,b "
        "--assembly hg19 --licence MIT",
        "adopt pwm box.pfm --motif box --name box --assembly hg19 --licence MIT",
        "remove box",
    ],
    "predict": [
        f"predict --model h3k36me3_brain --region {REGION} -o a.bw",
        f"compare a.bw {{repo}}/{DATA} --region {REGION}",
        f"plot a.bw --region {REGION} -o a.png",
        "trackhub a.bw --assembly hg19 --email me@lab.org -o hub",
    ],
    "score-variants": [
        "score-variants in.vcf --model pwm_ctcf --shifts 2 -o out.vcf.gz",
        "score-variants in.vcf --model pwm_ctcf --shifts 2 -o out.bcf",
        "score-variants in.vcf --model pwm_ctcf --shifts 2 -o out.parquet",
        "calibrate pwm_ctcf --kind snv --alleles 1000 -o own.safetensors",
        "plan score-variants in.vcf --model pwm_ctcf --shifts 2 -o plan",
        "run plan --workers 1",
        "status plan",
        "submit plan --slurm --dry-run -o merged.vcf.gz",
        "merge plan -o merged.vcf.gz",
    ],
    "store": [
        "atlas pwm_ctcf --region chr21:33,949,055-33,949,060 --shifts 2 --store scores",
        "lookup in.vcf --model pwm_ctcf --store scores -o out.tsv",
        "store list --store scores",
        "store verify --store scores",
        "store export pwm_ctcf --store scores -o out.tsv.gz",
    ],
    "evaluate": [
        f"evaluate pwm_ctcf --against {{repo}}/{DATA} --region chr21:33,000,001-33,500,000 "
        "--bootstrap 10 -o report",
        "evaluate-variants pwm_ctcf effects.tsv --shifts 2 --bootstrap 10",
        "benchmark pwm_ctcf --set effects.tsv --shifts 2 --bootstrap 10",
    ],
    "audit": ["audit pwm_ctcf", "audit toy.yaml --fasta toy.fa"],
    "explain": [
        f"attribute pwm_ctcf --method ism --region {SITE} --width 30 -o why/",
        f"mutate pwm_ctcf --region {SITE} --shifts 1 -o .",
        f"embed ctcf_gm12878 --region {SITE} -o a.npz",
        f"explain pwm_ctcf {SITE} --motifs box.pfm -o why/page.html",
    ],
    "scan": [f"scan --motifs box.pfm --assembly hg19 --region {REGION} -o found.bed"],
    "marginalise": [
        "marginalise pwm_ctcf --pattern CCASYAGRKGGCRS -n 10 --flanks 1 --with CANNTG "
        "--spacing 30:30 -o effects"
    ],
    "filters": ["filters pwm_ctcf -n 10 -o filters"],
    "gkm": [
        "gkm train sites.bed --name gkm_toy --assembly hg19 --licence MIT -l 6 -k 4 --width 60",
        "gkm predict gkm_toy sequences.fa",
    ],
    "design": ["design pwm_ctcf --width 20 --rounds 2 -o ./"],
    "train": [
        "train toy.yaml --fasta toy.fa -o run",
        "export run --fasta toy.fa",
        "studies list",
        "studies run toy_study.yaml --fasta toy.fa -o studies",
        "reproduce pwm_ctcf --offline --report report.json",
        "report verify report.json",
    ],
}
# Commands that speak, each with the reason.
SPEAKING = {
    "push": "sends a model to the hub",
    "tune": "Ray's processes speak to each other, on this machine; its reports are off",
}
# Commands that are not watched, each with the reason.
UNWATCHED = {
    "motifs": "takes minutes; attribution, Tomtom and logos are watched with attribute and filters",
}
LIBRARIES = {
    "predict": "matplotlib",
    "explain": "logomaker",
    "scan": "memelite",
    "marginalise": "matplotlib",
    "store": "duckdb",
    "filters": "logomaker",
    "gkm": "gkmsvm",
    "evaluate": "sklearn",
    "audit": "sklearn",
    "train": "torch",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder beside an empty home, an empty folder for temporary files and a cache."""
    for name in ("work", "home", "tmp", "cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "work/in.vcf").write_text(VCF)
    (tmp_path / "work/box.pfm").write_text(">box\n9 0 1 0\n0 9 0 1\n0 0 8 0\n1 1 1 9\n")
    rows = ["chrom\tpos\tref\talt\tvalue\tn\telement\tassembly"]
    for n, ref in enumerate(SEQUENCE):
        rows.append(f"chr21\t{33_949_050 + n}\t{ref}\t{FLIP[ref]}\t0.{n:02}\t20\te\thg19")
    (tmp_path / "work/effects.tsv").write_text("\n".join(rows) + "\n")
    sites = (f"chr21\t{start}\t{start + 100}\n" for start in range(33_000_000, 33_090_000, 3_000))
    (tmp_path / "work/sites.bed").write_text("".join(sites))
    (tmp_path / "work/sequences.fa").write_text(f">a\n{SEQUENCE}\n")
    (tmp_path / "work/own/model_cards").mkdir(parents=True)
    return tmp_path / "work"


def watched(folder: Path, *command: str) -> Watched:
    """Run a command in the folder, in a network of its own, and check that its homes stay empty."""
    around = folder.parent
    found = run_watched(
        command,
        folder,
        around / "record.json",
        {
            "HOME": str(around / "home"),
            "TMPDIR": str(around / "tmp"),
            "ZOOCTL_HOME": str(around / "cache"),
            "ZOOCTL_DATA_MIRROR": str(folder),
            "ZOOCTL_ZOO": str(folder / "own"),
            # A caller's wish to send reports is none that zooctl heeds.
            "ORT_DISABLE_TELEMETRY": "0",
        },
    )
    assert found.code == 0, found.err
    assert [str(path) for name in ("home", "tmp") for path in (around / name).rglob("*")] == []
    return found


def test_the_watch_sees_names_and_packets(folder: Path) -> None:
    found = watched(folder, sys.executable, "-c", REACHING)
    assert set(found.names) == {"collector.invalid"}
    assert found.packets > len(found.names) + 1
    assert watched(folder, "true").packets == 0


def test_every_command_is_watched() -> None:
    watched = {line.split()[0] for lines in COMMANDS.values() for line in lines}
    assert sorted(watched | SPEAKING.keys() | UNWATCHED.keys()) == sorted(main.COMMANDS)


@pytest.mark.parametrize("family", COMMANDS)
def test_commands_are_silent(family: str, folder: Path, repo: Path) -> None:
    needed = LIBRARIES.get(family)
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"needs {needed}")
    if family in ("audit", "train"):
        toy_files.write(folder)
        (folder / "toy_study.yaml").write_text(toy_files.STUDY)
    start = f"{sys.executable} -m zooctl"
    lines = [f"{start} {command.format(repo=repo)}" for command in COMMANDS[family]]
    found = watched(folder, "sh", "-ec", "\n".join(lines))
    assert (found.names, found.packets) == ((), 0)


@pytest.mark.parametrize(
    "seconds", [pytest.param(15, id="short"), pytest.param(90, marks=pytest.mark.slow)]
)
def test_a_long_prediction_is_silent(seconds: int, folder: Path) -> None:
    found = watched(folder, sys.executable, "-c", PREDICTING, str(seconds))
    assert (found.names, found.packets) == ((), 0)


def test_no_library_can_be_loaded_before_it_is_silenced() -> None:
    """The variables are set by the package itself, before any of its modules is imported."""
    code = (
        "import os, sys, zooctl.errors; "
        "print(os.environ['ORT_DISABLE_TELEMETRY'], os.environ['HF_HUB_DISABLE_TELEMETRY'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 1\n"
