"""A VCF as a clinic has it, between two bcftools: every record and allele is accounted for.

Three samples, phase sets, symbolic alleles, blocks of a gVCF, breakends, a mitochondrion that the
genome lacks, REF of another assembly, and contigs named without the genome's "chr".
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from zooctl.files.fasta.reader import Fasta
from zooctl.sequence.onehot import decode

GENOME = "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz"
HEADER = """##fileformat=VCFv4.2
##FILTER=<ID=LowQual,Description="Low quality">
##INFO=<ID=END,Number=1,Type=Integer,Description="End">
##INFO=<ID=SVTYPE,Number=1,Type=String,Description="Type">
##INFO=<ID=SVLEN,Number=.,Type=Integer,Description="Length">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depths">
##contig=<ID=21,length=48129895>
##contig=<ID=MT,length=16569>
##ALT=<ID=NON_REF,Description="Any other allele">
##ALT=<ID=DEL,Description="Deletion">
##ALT=<ID=DUP,Description="Duplication">
##ALT=<ID=INS,Description="Insertion">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\tNA2\tNA3
"""
# In exon 3 of COL6A1, behind its acceptor.
SITE = 47_406_856
PIPE = """set -o pipefail
bcftools view clinic.vcf.gz \
| "{python}" -m zooctl score-variants - --model spliceai --model ctcf_gm12878 --accept-licence \
  --chrom-map auto --device cpu --threads 1 -o - 2> talk.txt \
| tee scored.vcf \
| bcftools query -f \
  '%CHROM %POS %REF %ALT %ZOO_spliceai_STATUS %ZOO_ctcf_gm12878_STATUS[ %GT]\\n'
"""


class Written(NamedTuple):
    """A record: contig, position, REF, ALT, INFO, genotypes, and the status of each ALT."""

    chrom: str
    pos: int
    ref: str
    alt: str
    info: str
    samples: tuple[str, str, str]
    status: str

    def line(self) -> str:
        """Return its line."""
        fields = (self.chrom, self.pos, "rs1", self.ref, self.alt, "50", "PASS", self.info)
        return "\t".join(map(str, (*fields, "GT:PS", *self.samples)))


def clinic(genome: Fasta) -> list[Written]:
    """Return the records, in order."""

    def bases(pos: int, n: int = 1) -> str:
        return decode(genome.codes("chr21", pos - 1, pos - 1 + n))

    def other(pos: int) -> str:
        return {"A": "C", "C": "G", "G": "T", "T": "A"}[bases(pos)]

    het, hom, none = "0/1:.", "1/1:.", "./.:."
    phased = ("0|1:7", "1|0:7", "0|0:.")
    at = SITE
    rows = [
        # Blocks and sites of a gVCF.
        ("21", at - 60, bases(at - 60), "<NON_REF>", f"END={at - 21};DP=30", "SYMBOLIC"),
        ("21", at - 20, bases(at - 20), f"{other(at - 20)},<NON_REF>", "DP=30", "OK,SYMBOLIC"),
        ("21", at - 18, bases(at - 18), ".", "DP=9", "NO_ALT"),
        # Small alleles; * is the base that the deletion before it takes.
        ("21", at, bases(at), f"{bases(at)}T", "DP=28", "OK"),
        ("21", at + 2, bases(at + 2), other(at + 2), "DP=28", "OK"),
        ("21", at + 4, bases(at + 4, 4), bases(at + 4), "DP=28", "OK"),
        ("21", at + 5, bases(at + 5), f"{other(at + 5)},*", "DP=28", "OK,STAR"),
        # The same deletion as a symbol; one that is longer than any window; one without bases.
        ("21", at + 4, bases(at + 4), "<DEL>", "SVTYPE=DEL;SVLEN=-3", "OK"),
        ("21", at + 40, bases(at + 40), "<DUP>", f"SVTYPE=DUP;END={at + 50}", "OK"),
        ("21", at + 50, bases(at + 50), "<DEL>", "SVTYPE=DEL;SVLEN=-200000", "SYMBOLIC"),
        ("21", at + 52, bases(at + 52), "<INS>", "SVTYPE=INS;SVLEN=300", "SYMBOLIC"),
        ("21", at + 60, bases(at + 60), f"{bases(at + 60)}]21:40000000]", "SVTYPE=BND", "BREAKEND"),
        # REF of another assembly, a contig that is not here, and a place beyond the end.
        ("21", at + 70, other(at + 70), bases(at + 70), "DP=28", "REF_MISMATCH"),
        ("21", 48_129_900, "A", "C", "DP=2", "OUT_OF_RANGE"),
        ("MT", 263, "A", "G", "DP=2000", "NO_CONTIG"),
    ]
    rows.sort(key=lambda row: (row[0], row[1]))
    many = [phased, (het, hom, none)]
    return [Written(*row[:5], many[n % 2], row[5]) for n, row in enumerate(rows)]  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bcftools") is None, reason="BCFTOOLS MISSING: not installed")
def test_every_record_is_accounted_for(
    mirror: Path, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    with Fasta(repo / GENOME) as genome:
        records = clinic(genome)
    text = HEADER + "".join(f"{record.line()}\n" for record in records)
    (tmp_path / "clinic.vcf").write_text(text)
    subprocess.run(
        ["bcftools", "view", "-Oz", "-o", "clinic.vcf.gz", "clinic.vcf"], check=True, cwd=tmp_path
    )
    command = ["/bin/bash", "-c", PIPE.format(python=sys.executable)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    talk = (tmp_path / "talk.txt").read_text()
    assert done.returncode == 0, talk + done.stderr
    # Every record once, in order, with a status of each model for each ALT.
    assert done.stdout.splitlines() == [
        " ".join(
            (
                *(record.chrom, str(record.pos), record.ref, record.alt),
                *(record.status, record.status),
                *(sample.partition(":")[0] for sample in record.samples),
            )
        )
        for record in records
    ]
    scored = (tmp_path / "scored.vcf").read_text().splitlines()
    lines = [line.split("\t") for line in scored if line[0] != "#"]
    _check_untouched(lines, records)
    _check_scores(lines, records)


def _check_untouched(lines: list[list[str]], records: list[Written]) -> None:
    """Everything of a record but INFO is as it was, and INFO begins as it did."""
    for line, record in zip(lines, records, strict=True):
        given = record.line().split("\t")
        assert [*line[:7], *line[8:]] == [*given[:7], *given[8:]]
        assert line[7].startswith(f"{record.info};ZOO_")


def _check_scores(lines: list[list[str]], records: list[Written]) -> None:
    """Alleles with the status OK, and these alone, have a score of each model."""
    found: dict[tuple[int, str], list[str]] = {}
    for line, record in zip(lines, records, strict=True):
        info = dict(part.partition("=")[::2] for part in line[7].split(";"))
        scores = [info.get("ZOO_ctcf_gm12878_CTCF_SUM_LFC", ".").split(",")]
        for way in ("GAIN", "LOSS"):
            stem = f"ZOO_spliceai_donor_plus_DELTA_{way}"
            scores.append(info.get(f"{stem}_DIFF", ".").split(","))
        for of in scores:
            ok = [status == "OK" for status in record.status.split(",")]
            assert [value != "." for value in of] == ok or (not any(ok) and set(of) == {"."})
        found[record.pos, record.alt] = [",".join(of) for of in scores]
        ranks = info.get("ZOO_ctcf_gm12878_CTCF_SUM_LFC_PCT", ".").split(",")
        assert all(0 < float(rank) < 1 for rank in ranks if rank != ".")
    deleted = {alt: values for (pos, alt), values in found.items() if pos == SITE + 4}
    # However it is written, the deletion scores the same.
    assert len(deleted) == 2
    first, second = deleted.values()
    assert first == second
