"""Commands are silent: below any library, no name is looked up, no packet sent, no home touched."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import toy_files
from watched_process import Watched, run_watched

DATA = "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"
REGION = "chr21:33,000,001-33,100,000"
VCF = """##fileformat=VCFv4.2
##contig=<ID=chr21,length=48129895>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
chr21\t33949059\t.\tG\tA\t.\tPASS\t.
"""
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
    ],
    "predict": [
        f"predict --model h3k36me3_brain --region {REGION} -o a.bw",
        f"compare a.bw {{repo}}/{DATA} --region {REGION}",
        f"plot a.bw --region {REGION} -o a.png",
    ],
    "score-variants": [
        "score-variants in.vcf --model pwm_ctcf --shifts 2 -o out.vcf.gz",
        "score-variants in.vcf --model pwm_ctcf --shifts 2 -o out.bcf",
        "score-variants in.vcf --model pwm_ctcf --shifts 2 -o out.parquet",
    ],
    "evaluate": [
        f"evaluate pwm_ctcf --against {{repo}}/{DATA} --region chr21:33,000,001-33,500,000 "
        "--bootstrap 10 -o report",
    ],
    "audit": ["audit pwm_ctcf", "audit toy.yaml --fasta toy.fa"],
    "train": [
        "train toy.yaml --fasta toy.fa -o run",
        "reproduce pwm_ctcf --offline --report report.json",
    ],
}
LIBRARIES = {"predict": "matplotlib", "evaluate": "sklearn", "audit": "sklearn", "train": "torch"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder beside an empty home, an empty folder for temporary files and a cache."""
    for name in ("work", "home", "tmp", "cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "work/in.vcf").write_text(VCF)
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


@pytest.mark.parametrize("family", COMMANDS)
def test_commands_are_silent(family: str, folder: Path, repo: Path) -> None:
    needed = LIBRARIES.get(family)
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"needs {needed}")
    if family in ("audit", "train"):
        toy_files.write(folder)
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
