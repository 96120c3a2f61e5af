"""Shares of measured variants that cut-offs of the percentile keep (docs/cutoffs.md).

    python tests/benchmarks/cutoffs.py [MODEL ...]

Scores come from `zooctl score-variants`, run as a command with the backgrounds that the zoo ships
and the statistic ``sum``, or ``delta`` of splicing entries: the larger percentile of the losses of
acceptor and donor on the exon's strand. The sets are those of ZOOCTL_DATA_MIRROR: H3K27ac QTLs
(MAGGIE, Shen et al. 2020), the HNF4A promoter (Kircher et al. 2019), SNVs of 10 barcodes or more,
and SNVs in and beside exons (MFASS, Cheung et al. 2019), which have an effect where inclusion falls
by more than 0.5. A second table has the score itself at each percentile, of entries of one track.
"""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file

REPO = Path(__file__).resolve().parents[2]
MIRROR = Path(os.environ.get("ZOOCTL_DATA_MIRROR", REPO.parent / "shared/data"))
CUTOFFS = (0.90, 0.95, 0.99)
TRACKS = {
    "ctcf_gm12878": "CTCF",
    "pwm_ctcf": "CTCF",
    "deepbind": "CTCF_D00328.003",
    "mpra_dragonn": "k562_minp_pooled",
    "brain_cell_types": "H3K27ac_microglia",
    "h3k36me3_brain": "H3K36me3",
    "openspliceai_400": "acceptor_plus,donor_plus,acceptor_minus,donor_minus",
}
RUNS = (
    ("qtl", "ctcf_gm12878"),
    ("qtl", "pwm_ctcf"),
    ("qtl", "deepbind"),
    ("qtl", "brain_cell_types"),
    ("qtl", "h3k36me3_brain"),
    ("promoter", "mpra_dragonn"),
    ("promoter", "ctcf_gm12878"),
    ("exons", "openspliceai_400"),
)
LABELS = {
    ("qtl", True): "H3K27ac QTLs",
    ("promoter", True): "HNF4A promoter, SNVs of P < 1e-5",
    ("promoter", False): "HNF4A promoter, the other SNVs",
    ("exons", True): "MFASS, inclusion falls by more than 0.5",
    ("exons", False): "MFASS, the other SNVs",
}


class Allele(NamedTuple):
    """A variant of a set.

    Attributes:
        chrom: Contig.
        pos: Position from 1.
        ref: REF.
        alt: ALT.
        effect: Whether it has one.
        strand: Strand that counts, ``plus`` or ``minus``; empty for both.
    """

    chrom: str
    pos: int
    ref: str
    alt: str
    effect: bool
    strand: str = ""


def qtls() -> list[Allele]:
    """Return the H3K27ac QTLs."""
    path = MIRROR / "h3k27ac_qtl_hg19/H3K27ac.chr20_21.vcf"
    rows = (line.split("\t") for line in path.read_text().splitlines())
    return [Allele(row[0], int(row[1]), row[3], row[4], True) for row in rows]


def promoter() -> list[Allele]:
    """Return the SNVs of the HNF4A promoter; those with P < 1e-5 have an effect."""
    found = []
    with gzip.open(MIRROR / "mpra_satmut/elements.tsv.gz", "rt") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            hg19 = row["Element"] == "HNF4A" and row["Release"] == "GRCh37"
            if hg19 and row["Alt"] != "-" and int(row["Barcodes"]) >= 10:
                effect = float(row["pValue"]) < 1e-5
                allele = Allele(
                    f"chr{row['Chrom']}", int(row["Pos"]), row["Ref"], row["Alt"], effect
                )
                found.append(allele)
    return found


def exons() -> list[Allele]:
    """Return the SNVs in and beside measured exons."""
    found = []
    for line in (MIRROR / "mfass_hg19/MFASS.chr20_21.tsv").read_text().splitlines():
        row = line.split("\t")
        chrom, pos, ref, alt = row[0].split("_")
        strand = {"+": "plus", "-": "minus"}[row[3]]
        found.append(Allele(chrom, int(pos), ref, alt, float(row[9]) < -0.5, strand))
    return found


def percentiles(model: str, alleles: Sequence[Allele]) -> list[float]:
    """Return the largest percentile of each allele on the model's tracks."""
    statistic = "delta" if "acceptor" in TRACKS[model] else "sum"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.vcf", Path(folder) / "out.tsv"
        head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        lines = [
            f"{one.chrom}\t{one.pos}\t{index}\t{one.ref}\t{one.alt}\t.\t.\t.\n"
            for index, one in enumerate(alleles)
        ]
        source.write_text(head + "".join(lines))
        command = [sys.executable, "-m", "zooctl", "score-variants", str(source), "-o", str(target)]
        command += ["--model", model, "--track", TRACKS[model], "--statistic", statistic]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        with target.open() as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    found = [0.0] * len(alleles)
    for row in rows:
        index = int(row["id"])
        counts = row["statistic"] in ("sum", "delta_loss")
        if counts and row["track"].endswith(alleles[index].strand):
            found[index] = max(found[index], float(row["pct"]))
    return found


def print_scores() -> None:
    """Print the absolute score at each percentile of random SNVs, of entries of one track."""
    print(f"{'score at the percentile':<28}" + "".join(f"{cut:>10.2f}" for cut in CUTOFFS))
    for path in sorted((REPO / "zoo").glob("*/background.safetensors")):
        for name, values in load_file(path).items():
            if name.startswith("random/snv/SUM_") and f"{name[:-1]}1" not in load_file(path):
                found = np.quantile(np.abs(values), CUTOFFS)
                label = f"{path.parent.name} {name.split('/')[2]}"
                print(f"{label:<28}" + "".join(f"{value:>10.4f}" for value in found))


def main() -> None:
    """Print the tables."""
    if not sys.argv[1:]:
        print_scores()
    print(f"{'set':<46}{'n':>5}  {'model':<17}" + "".join(f"{cut:>8.2f}" for cut in CUTOFFS))
    sets = {"qtl": qtls(), "promoter": promoter(), "exons": exons()}
    for name, model in RUNS:
        if sys.argv[1:] and model not in sys.argv[1:]:
            continue
        alleles = sets[name]
        ranks = percentiles(model, alleles)
        for effect in (True, False):
            some = [rank for rank, one in zip(ranks, alleles, strict=True) if one.effect == effect]
            if not some:
                continue
            shares = [sum(rank >= cut for rank in some) / len(some) for cut in CUTOFFS]
            figures = "".join(f"{share:>8.3f}" for share in shares)
            print(f"{LABELS[name, effect]:<46}{len(some):>5}  {model:<17}{figures}", flush=True)


if __name__ == "__main__":
    main()
