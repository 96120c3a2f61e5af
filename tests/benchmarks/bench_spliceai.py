"""Speed of `zooctl score-variants --model spliceai` beside SpliceAI's own program.

The program is measured in an environment of its own. Name its Python in ZOOCTL_BENCH_SPLICEAI;
without it the table says "not measured"::

    python3 -m venv spliceai
    spliceai/bin/pip install spliceai tensorflow-cpu "numpy<2.3"
    ZOOCTL_BENCH_SPLICEAI=spliceai/bin/python .venv/bin/python tests/benchmarks/bench_spliceai.py

Both commands score the same SNVs in the middle of genes of chr21, within 50 bp, against the genes
that the program brings, and their scores are compared. Start-up is left out: it is the time of one
SNV, taken from that of all. The weights are the program's (``zooctl pull spliceai``).
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import ZooError

sys.path.insert(0, str(Path(__file__).parent))
from bench_score import GENOME

DISTANCE = "50"
_TABLE = "import importlib.util as u; print(u.find_spec('spliceai').submodule_search_locations[0])"


def write_inputs(folder: Path, table: Path, n: int) -> None:
    """Write the chromosome, genes of the program as GTF, and VCF files of one SNV and of all."""
    with gzip.open(GENOME / "hg19.chr21.fa.gz", "rt") as file:
        header, *lines = file.read().splitlines()
    (folder / "chr21.fa").write_text("\n".join([header.split()[0], *lines]) + "\n")
    sequence = "".join(lines).upper()
    rows = [line.split("\t") for line in table.read_text().splitlines()]
    genes = [row for row in rows if row[1] == "21"]
    with (folder / "genes.gtf").open("w") as file:
        for name, _, strand, _, _, starts, ends in genes:
            named = f'gene_id "{name}"; transcript_id "{name}.1"; gene_name "{name}";'
            for start, end in zip(starts.split(",")[:-1], ends.split(",")[:-1], strict=True):
                line = f"chr21\tSpliceAI\texon\t{int(start) + 1}\t{end}\t.\t{strand}\t.\t{named}"
                file.write(line + "\n")
    long = [row for row in genes if int(row[4]) - int(row[3]) > 20_000]
    found = sorted({(int(row[3]) + int(row[4])) // 2 for row in long if int(row[3]) > 33_000_000})
    head = "##fileformat=VCFv4.2\n##contig=<ID=chr21,length=48129895>\n"
    head += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    records = [
        f"chr21\t{at}\t.\t{sequence[at - 1]}\t{'A' if sequence[at - 1] != 'A' else 'C'}\t.\t.\t.\n"
        for at in found[:: max(1, len(found) // n)][:n]
    ]
    (folder / "one.vcf").write_text(head + records[0])
    (folder / "all.vcf").write_text(head + "".join(records))


def fields(path: Path) -> dict[tuple[str, ...], list[float]]:
    """Return position, allele and gene to the four delta scores."""
    found = {}
    for line in path.read_text().splitlines():
        info = line.split("\t")[7] if not line.startswith("#") else ""
        for entry in info.split(";"):
            for one in entry.removeprefix("SpliceAI=").split(",") * entry.startswith("SpliceAI="):
                parts = one.split("|")
                key = (line.split("\t")[1], parts[0], parts[1])
                found[key] = [float(value) for value in parts[2:6]]
    return found


def seconds(command: list[str], folder: Path) -> tuple[float, dict[tuple[str, ...], list[float]]]:
    """Return the seconds that all SNVs take more than one, and all scores."""
    taken = {}
    for name in ("one", "all"):
        start = time.perf_counter()
        words = [word.format(name=name) for word in command]
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
        taken[name] = time.perf_counter() - start
    return taken["all"] - taken["one"], fields(folder / "out.all.vcf")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", type=int, default=8)
    arguments = parser.parse_args()
    python = os.environ.get("ZOOCTL_BENCH_SPLICEAI")
    if not python:
        print("SpliceAI's program: not measured: ZOOCTL_BENCH_SPLICEAI names no Python")
        return
    try:
        onnx_bytes(registry.entry("spliceai"))
    except ZooError as error:
        print(f"spliceai: not measured: {error}")
        return
    # Not resolved: the Python of an environment is a link, by which it finds its packages.
    python = str(Path.cwd() / python)
    where = subprocess.run([python, "-c", _TABLE], check=True, capture_output=True, text=True)
    program = [str(Path(python).parent / "spliceai"), "-A", "grch37", "-D", DISTANCE]
    program += ["-R", "chr21.fa", "-I", "{name}.vcf", "-O", "out.{name}.vcf"]
    own = [sys.executable, "-m", "zooctl", "score-variants", "{name}.vcf", "--model", "spliceai"]
    own += ["--genes", "genes.gtf", "--spliceai-field", "--distance", DISTANCE, "--force"]
    own += ["--fasta", "chr21.fa", "-o", "out.{name}.vcf"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = Path(where.stdout.strip()) / "annotations/grch37.txt"
        write_inputs(folder, table, arguments.variants)
        theirs, expected = seconds(program, folder)
        ours, found = seconds(own, folder)
    n = arguments.variants - 1
    difference = max(
        abs(a - b)
        for key, scores in expected.items()
        for a, b in zip(scores, found[key], strict=True)
    )
    print(f"SpliceAI, {n + 1} SNVs in genes of chr21, within {DISTANCE} bp, without start-up")
    print(f"{'SpliceAI 1.3.1, its own program':40}{theirs / n:>8.2f} s an SNV")
    print(f"{'zooctl score-variants':40}{ours / n:>8.2f} s an SNV")
    print(f"{'ratio':40}{theirs / ours:>8.2f}")
    print(f"largest difference {difference:.2f} of {len(expected)} alleles in genes, two decimals")


if __name__ == "__main__":
    main()
