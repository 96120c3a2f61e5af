"""Print size on disk, and CPU time for 1,000 variants, of each entry of the zoo.

    python tests/benchmarks/entry_costs.py [--variants N] [MODEL ...]

Each entry scores N measured variants of chr20 and chr21 (MFASS) at its card's defaults, those of
the transcribed strand in the genes over them, on one thread; the time is multiplied by 1,000 / N,
loading left out. It is CPU time, which other work on the machine changes little. Entries read at
promoters or ends of transcripts score no variants.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from zooctl.catalog import registry
from zooctl.catalog.genomes import open_genome
from zooctl.catalog.root import model_names
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import ZooError
from zooctl.files.intervals.transcripts import GeneIndex, genes_of, read_transcripts
from zooctl.inference.model import OpenModel, SessionOptions
from zooctl.inference.options.predict_and_score import ShiftOptions
from zooctl.inference.variants.table import open_scorer
from zooctl.sequence.alleles import Allele

MIRROR = Path(os.environ["ZOOCTL_DATA_MIRROR"])
MANY = 1_000


def alleles(n: int) -> list[Allele]:
    lines = (MIRROR / "mfass_hg19/MFASS.chr20_21.tsv").read_text().splitlines()
    found = []
    for line in lines[:: len(lines) // n][:n]:
        chrom, pos, ref, alt = line.split("\t")[0].split("_")
        found.append(Allele(chrom, int(pos) - 1, ref, alt))
    return found


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


def seconds(name: str, n: int, genes: Path) -> float:
    """Return the CPU seconds of 1,000 variants."""
    model = OpenModel(registry.entry(name), SessionOptions(threads=1, device="cpu"))
    paths = [MIRROR / f"hg19_chr20_chr21/hg19.{chrom}.fa.gz" for chrom in ("chr20", "chr21")]
    index = GeneIndex(genes_of(read_transcripts(genes)))
    with open_genome("hg19", paths) as genome:
        scorer = open_scorer(model, genome, ShiftOptions(), "skip", index, annotation=genes)
        given = [[one] for one in alleles(n)]
        before = time.process_time()
        found = list(scorer.score(given))
        spent = time.process_time() - before
    assert len(found) == n
    return spent * MANY / n


def main() -> None:
    """Print a row for each entry."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--variants", type=int, default=20)
    parser.add_argument("models", nargs="*")
    given = parser.parse_args()
    genes = gtf(Path(os.environ.get("TMPDIR", "/tmp")))
    print("| entry | graph with weights | CPU time, 1,000 variants |\n|---|---|---|")
    for name in given.models or model_names():
        try:
            size = len(onnx_bytes(registry.entry(name), may_download=False))
            spent = f"{seconds(name, given.variants, genes):,.0f} s"
        except ZooError as error:
            spent = "no variants" if "places in genes" in str(error) else str(error).split(" (")[0]
        print(f"| `{name}` | {size / 1e6:,.1f} MB | {spent} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
