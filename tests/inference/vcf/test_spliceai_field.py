"""SpliceAI's own field, from its own networks: the golden values of its repository."""

from __future__ import annotations

import csv
import gzip
import shutil
from pathlib import Path

import pytest
from naive_splicing import read_genes

from zooctl.cli.main import run

HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID={chrom}>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def in_the_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")


@pytest.fixture
def genes(mirror: Path, tmp_path: Path) -> Path:
    """The genes of the golden values as a GTF, with the exons of SpliceAI's table."""
    table = mirror / "weights/spliceai/genes.grch37.chr20_21.txt"
    wanted = {gene.name for gene in read_genes(table)} & {"COL6A1", "TUBB8"}
    lines = []
    for line in table.read_text().splitlines()[1:]:
        name, chrom, strand, _, _, starts, ends = line.split("\t")
        if name not in wanted:
            continue
        for start, end in zip(starts.split(",")[:-1], ends.split(",")[:-1], strict=True):
            notes = f'gene_id "{name}"; transcript_id "{name}.1"; gene_name "{name}";'
            columns = (f"chr{chrom}", "x", "exon", str(int(start) + 1), end, ".", strand, ".")
            lines.append("\t".join((*columns, notes)) + "\n")
    path = tmp_path / "genes.gtf.gz"
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return path


def fields(vcf: Path) -> list[str]:
    rows = [line for line in vcf.read_text().splitlines() if not line.startswith("#")]
    return [row.rpartition("SpliceAI=")[2] for row in rows]


def test_golden_values(genes: Path, tmp_path: Path) -> None:
    vcf, out = tmp_path / "in.vcf", tmp_path / "out.vcf"
    rows = "chr21\t47406854\t.\tCCA\tC\t.\t.\t.\nchr21\t47406856\t.\tA\tAT\t.\t.\t.\n"
    vcf.write_text(HEAD.format(chrom="chr21") + rows)
    command = ["score-variants", str(vcf), "--model", "spliceai", "--accept-licence"]
    command += ["--genes", str(genes), "--spliceai-field", "-o", str(out)]
    assert run(command) == 0
    assert fields(out) == [
        "C|COL6A1|0.04|0.98|0.00|0.00|-38|4|38|4",
        "AT|COL6A1|0.03|0.99|0.00|0.00|-40|2|36|2",
    ]
    text = out.read_text()
    assert 'Licence="CC-BY-NC-4.0",Notice="The weights are CC BY-NC 4.0' in text
    assert "##INFO=<ID=SpliceAI,Number=.,Type=String" in text
    assert "ZOO_spliceai_GENE=COL6A1" in text


@pytest.mark.slow
def test_golden_values_of_a_short_gene(mirror: Path, genes: Path, tmp_path: Path) -> None:
    """TUBB8 has 2,637 bp; beyond them bases are unknown."""
    fasta = Path(shutil.copy(mirror / "weights/spliceai/test.fa", tmp_path))
    vcf, out = tmp_path / "in.vcf", tmp_path / "out.vcf"
    rows = "chr10\t94077\t.\tA\tC\t.\t.\t.\nchr10\t94555\t.\tC\tT\t.\t.\t.\n"
    vcf.write_text(HEAD.format(chrom="chr10") + rows)
    command = ["score-variants", str(vcf), "--model", "spliceai", "--accept-licence"]
    command += ["--genes", str(genes), "--spliceai-field", "--distance", "500"]
    assert run([*command, "--fasta", str(fasta), "-o", str(out)]) == 0
    assert fields(out) == [
        "C|TUBB8|0.15|0.27|0.00|0.05|89|-23|-267|193",
        "T|TUBB8|0.01|0.18|0.15|0.62|-2|110|-190|0",
    ]


def test_masked(genes: Path, tmp_path: Path) -> None:
    """The lost acceptor is annotated and stays; gains and losses elsewhere are 0 or unannotated."""
    vcf, out = tmp_path / "in.vcf", tmp_path / "out.vcf"
    vcf.write_text(HEAD.format(chrom="chr21") + "chr21\t47406856\t.\tA\tAT\t.\t.\t.\n")
    command = ["score-variants", str(vcf), "--model", "openspliceai_400", "--masked"]
    assert run([*command, "--genes", str(genes), "--spliceai-field", "-o", str(out)]) == 0
    (field,) = fields(out)
    scores = field.split("|")[2:6]
    assert float(scores[1]) > 0.9
    assert scores[3] == "0.00"


def test_the_mean_over_shifts(genes: Path, tmp_path: Path) -> None:
    """--shifts alone moves the windows as far as the entry's window lets them."""
    vcf, out = tmp_path / "in.vcf", tmp_path / "out.tsv"
    vcf.write_text(HEAD.format(chrom="chr21") + "chr21\t47406856\t.\tA\tAT\t.\t.\t.\n")
    command = ["score-variants", str(vcf), "--model", "openspliceai_400", "--shifts", "3"]
    assert run([*command, "--genes", str(genes), "-o", str(out)]) == 0
    with out.open() as file:
        rows = list(csv.DictReader((one for one in file if one[:2] != "##"), delimiter="\t"))
    (loss,) = (
        one for one in rows if (one["track"], one["statistic"]) == ("acceptor", "delta_loss")
    )
    assert loss["status"] == "OK"
    assert float(loss["score"]) == pytest.approx(0.99, abs=0.01)
    # The receptive field lies within every window, so that all agree but for rounding.
    assert float(loss["sd"]) < 1e-4


def test_what_the_field_needs(genes: Path, tmp_path: Path, capsys: Captured) -> None:
    vcf = tmp_path / "in.vcf"
    vcf.write_text(HEAD.format(chrom="chr21") + "chr21\t47406856\t.\tA\tAT\t.\t.\t.\n")
    command = ["score-variants", str(vcf), "--spliceai-field", "-o", str(tmp_path / "out.vcf")]
    assert run([*command, "--model", "pwm_ctcf", "--genes", str(genes)]) == 2
    assert "the field of SpliceAI is of one model of splice sites" in capsys.readouterr().err
