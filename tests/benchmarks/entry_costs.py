"""Print sizes on disk, and CPU time for 1,000 variants, of each entry of the zoo.

    python tests/benchmarks/entry_costs.py [--seconds S] [MODEL ...]

Each entry scores the 982 measured variants of chr20 and chr21 (MFASS), or SNVs along the genome of
another assembly, at its card's defaults, those of the transcribed strand in the genes over them, on
one thread; fewer of them where all would take more than S seconds by the first ones. The time is
that of 1,000, loading left out. It is CPU time, which other work on the machine changes little.
Entries read at promoters or ends of transcripts score no variants. Weights under a licence that has
to be accepted are measured once it is (`zooctl pull spliceai --accept-licence`).

First stands the size of zooctl's own packages without extras, as they are installed here.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from zooctl.catalog import registry
from zooctl.catalog.genomes import find_genome, open_genome
from zooctl.catalog.root import model_names
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import ZooError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.transcripts import GeneIndex, genes_of, read_transcripts
from zooctl.inference.model import OpenModel, SessionOptions
from zooctl.inference.options.predict_and_score import ShiftOptions
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.variants.table import open_scorer
from zooctl.sequence.alleles import Allele

REPO = Path(__file__).resolve().parents[2]
MIRROR = Path(os.environ.get("ZOOCTL_DATA_MIRROR", REPO.parent / "shared/data"))
MANY = 1_000


class Cost(NamedTuple):
    """CPU seconds of 1,000 variants, and the number that they were measured on."""

    seconds: float
    n: int


def installed() -> tuple[int, int]:
    """Return the number of distributions that zooctl needs without extras, and their bytes."""
    found: dict[str, int] = {}
    waiting = ["zooctl"]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        distribution = importlib.metadata.distribution(name)
        files = [Path(str(file.locate())) for file in distribution.files or ()]
        found[name] = sum(file.stat().st_size for file in files if file.is_file())
        needs = [Requirement(text) for text in distribution.requires or ()]
        waiting += [
            need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})
        ]
    return len(found), sum(found.values())


def measured() -> list[Allele]:
    """Return the variants of MFASS."""
    found = []
    for line in (MIRROR / "mfass_hg19/MFASS.chr20_21.tsv").read_text().splitlines():
        chrom, pos, ref, alt = line.split("\t")[0].split("_")
        found.append(Allele(chrom, int(pos) - 1, ref, alt))
    return found


def along(genome: Fasta) -> list[Allele]:
    """Return as many transitions as MFASS has variants, evenly spread over the longest contig."""
    chrom, length = max(genome.contigs.items(), key=lambda contig: contig[1])
    step = length // MANY
    starts = range(9 * step, 991 * step, step)
    codes = [int(genome.codes(chrom, start, start + 1)[0]) for start in starts]
    pairs = zip(starts, codes, strict=True)
    return [Allele(chrom, start, "ACGT"[code], "GTAC"[code]) for start, code in pairs if code < 4]


def gtf(folder: Path) -> Path:
    """Write the genes of the mirror as a GTF; its table counts from 0."""
    path = folder / "entry_costs.gtf"
    text = (MIRROR / "weights/spliceai/genes.grch37.chr20_21.txt").read_text()
    with path.open("w") as file:
        for name, chrom, strand, _, _, starts, ends in map(str.split, text.splitlines()[1:]):
            for start, end in zip(
                starts.strip(",").split(","), ends.strip(",").split(","), strict=True
            ):
                said = f'gene_id "{name}"; transcript_id "{name}.1"; gene_name "{name}";'
                columns = (f"chr{chrom}", "t", "exon", int(start) + 1, end, ".", strand, ".", said)
                file.write("\t".join(map(str, columns)) + "\n")
    return path


def cost(name: str, most: float, genes: Path) -> Cost:
    """Return the cost of an entry, of all variants or as many as fit into the time."""
    model = OpenModel(registry.entry(name), SessionOptions(threads=1, device="cpu"))
    index = GeneIndex(genes_of(read_transcripts(genes)))
    assembly = model.card.assembly
    with open_genome(assembly, find_genome(assembly)[0]) as genome:
        scorer = open_scorer(model, genome, ShiftOptions(), "skip", index, annotation=genes)
        every = measured() if assembly == "hg19" else along(genome)
        # A network's first run takes longer.
        list(scorer.score([[every[0]]]))
        first = timed(scorer, every[:: len(every) // 4][:4])
        n = min(len(every), max(4, int(most / first)))
        if n < 8:
            return Cost(first * MANY, 4)
        given = every if n == len(every) else every[:: len(every) // n][:n]
        return Cost(timed(scorer, given) * MANY, len(given))


def timed(scorer: Scorer, alleles: Sequence[Allele]) -> float:
    """Return the CPU seconds of a variant."""
    before = time.process_time()
    found = list(scorer.score([[one] for one in alleles]))
    assert len(found) == len(alleles)
    return (time.process_time() - before) / len(alleles)


def main() -> None:
    """Print the packages, and a row for each entry."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("models", nargs="*")
    given = parser.parse_args()
    genes = gtf(Path(os.environ.get("TMPDIR", "/tmp")))
    n, size = installed()
    print(f"zooctl and what it needs without extras: {n} packages, {size / 1e6:,.0f} MB\n")
    print("| entry | graph with weights | CPU time, 1,000 variants | measured on |")
    print("|---|---|---|---|")
    for name in given.models or model_names():
        try:
            size = len(onnx_bytes(registry.entry(name), may_download=False))
            found = cost(name, given.seconds, genes)
            spent, of = f"{found.seconds:,.0f} s", f"{found.n:,}"
        except ZooError as error:
            spent = "no variants" if "places in genes" in str(error) else str(error).split(" (")[0]
            of = ""
        print(f"| `{name}` | {size / 1e6:,.1f} MB | {spent} | {of} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
