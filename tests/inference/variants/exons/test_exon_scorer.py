"""MMSplice on variants: windows by hand, its combination step by step, measured splicing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from zooctl.catalog import registry
from zooctl.catalog.genomes import open_genome
from zooctl.catalog.weights import onnx_bytes
from zooctl.cli import main
from zooctl.files.intervals.transcripts import Gene, GeneIndex
from zooctl.inference.variants.exons.combine import delta_logit_psi
from zooctl.inference.variants.exons.exon_scorer import ExonScorer, exon_codes
from zooctl.inference.variants.scorer import VariantModel
from zooctl.sequence.alleles import Allele, Change, Status
from zooctl.sequence.onehot import decode, encode, reverse_complement

SEQUENCE = "".join(np.random.default_rng(5).choice(list("ACGT"), 60))


class Toy:
    """A genome of one contig."""

    def __init__(self) -> None:
        self.contigs = {"c": len(SEQUENCE)}

    def padded_codes(self, chrom: str, start: int, end: int) -> NDArray[np.uint8]:
        inside = SEQUENCE[max(start, 0) : max(end, 0)]
        text = "N" * max(-start, 0) + inside
        return encode(text.ljust(end - start, "N").encode())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # In the exon, 20 to 30: it grows, shrinks, or keeps its length.
        (Change(24, SEQUENCE[24], "G"), SEQUENCE[15:24] + "G" + SEQUENCE[25:35]),
        (Change(24, "", "GGG"), SEQUENCE[15:24] + "GGG" + SEQUENCE[24:35]),
        (Change(24, SEQUENCE[24:27], ""), SEQUENCE[15:24] + SEQUENCE[27:35]),
        # In the intron before it, and behind it: bases from farther away move in.
        (Change(17, "", "GG"), SEQUENCE[17:17] + "GG" + SEQUENCE[17:35]),
        (Change(16, SEQUENCE[16:18], ""), SEQUENCE[13:16] + SEQUENCE[18:35]),
        (Change(32, SEQUENCE[32:34], ""), SEQUENCE[15:32] + SEQUENCE[34:37]),
        # Across its start, and across its end: new bases count to the intron.
        (Change(19, SEQUENCE[19:22], "T"), SEQUENCE[15:19] + "T" + SEQUENCE[22:35]),
        (Change(29, SEQUENCE[29:32], "T"), SEQUENCE[15:29] + "T" + SEQUENCE[32:36]),
    ],
)
def test_windows_of_a_changed_exon(change: Change, expected: str) -> None:
    found = decode(exon_codes(Toy(), "c", (20, 30), 5, change))  # type: ignore[arg-type]
    whole = SEQUENCE[: change.start] + change.alt + SEQUENCE[change.end :]
    assert found in whole
    assert found == expected


def test_without_a_change_and_at_the_end_of_the_contig() -> None:
    assert decode(exon_codes(Toy(), "c", (20, 30), 5, None)) == SEQUENCE[15:35]  # type: ignore[arg-type]
    assert decode(exon_codes(Toy(), "c", (50, 58), 5, None)) == SEQUENCE[45:] + "NNN"  # type: ignore[arg-type]


COEFFICIENTS = [0.49685773, 0.72322957, 1.54760024, 0.75011527, 2.26187717]
COEFFICIENTS += [-0.69419094, 2.40138709, 0.88148553]


@pytest.mark.parametrize("seed", range(6))
def test_the_combination_by_its_published_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(5) < 0.5, rng.normal(size=5), 0).astype(np.float32)
    a, b, c, d, e = (float(one) for one in x)
    joined = [a, b, c, d, e, c if (b and c) or (c and d) else 0.0]
    joined += [e if d and e else 0.0, a if a and b else 0.0]
    expected = 0.0006480262366686865 + sum(w * v for w, v in zip(COEFFICIENTS, joined, strict=True))
    assert delta_logit_psi(x) == pytest.approx(expected, abs=1e-6)


@pytest.fixture
def network(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> VariantModel:
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    entry = registry.entry("mmsplice")
    return VariantModel.of(entry.card(), onnx_bytes(entry, may_download=False))


def paths(mirror: Path) -> list[Path]:
    return [mirror / f"hg19_chr20_chr21/hg19.{chrom}.fa.gz" for chrom in ("chr20", "chr21")]


def test_measured_splicing(mirror: Path, network: VariantModel) -> None:
    """MFASS: 46 of 982 variants lower the inclusion of their exon by more than 0.5."""
    text = (mirror / "mfass_hg19/MFASS.chr20_21.tsv").read_text()
    rows = [line.split("\t") for line in text.splitlines()]
    scores = []
    with open_genome("hg19", paths(mirror)) as genome:
        for row in rows:
            chrom, pos, ref, alt = row[0].split("_")
            first, last = sorted((int(row[4]) - 1, int(row[5]) - 1))
            exon = Gene(chrom, first - 100, last + 101, row[3], "x", (first, last))  # type: ignore[arg-type]
            scorer = _scorer(network, genome, exon)
            ((one,),) = scorer.score([[Allele(chrom, int(pos) - 1, ref, alt)]])
            assert one.status == "OK"
            assert one.gene == exon
            scores.append(float(one.score[-1]))
    skipped = np.array([float(row[9]) for row in rows]) < -0.5
    assert (len(rows), skipped.sum()) == (982, 46)
    assert roc_auc_score(skipped, -np.array(scores)) == pytest.approx(0.801, abs=0.001)


_OPEN: dict[int, ExonScorer] = {}


def _scorer(network: VariantModel, genome: object, exon: Gene) -> ExonScorer:
    """Return one scorer for all exons, since a network is loaded once."""
    exons = GeneIndex([exon])
    scorer = _OPEN.get(id(genome))
    if scorer is None:
        scorer = ExonScorer(network, genome, exons, 100, statistics=("sum",), device="cpu")  # type: ignore[arg-type]
        _OPEN[id(genome)] = scorer
    scorer._exons = exons
    object.__setattr__(scorer._planner, "genes", exons)
    return scorer


def test_a_deleted_exon_has_no_score(mirror: Path, network: VariantModel) -> None:
    with open_genome("hg19", paths(mirror)) as genome:
        exon = Gene("chr21", 47_406_700, 47_406_930, "+", "x", (47_406_800, 47_406_829))
        ref = decode(genome.padded_codes("chr21", 47_406_790, 47_406_840))
        scorer = ExonScorer(network, genome, GeneIndex([exon]), 100, statistics=("sum",))
        found = list(
            scorer.score(
                [
                    [Allele("chr21", 47_406_790, ref, ref[0])],
                    [Allele("chr21", 47_000_000, "A", "C")],
                ]
            )
        )
    assert found[0][0].status == Status.TOO_LONG
    assert np.isnan(found[0][0].score).all()
    assert found[1][0].status in (Status.NO_GENE, Status.REF_MISMATCH)


GTF = (
    "chr21\tt\texon\t47406858\t47406986\t.\t{}\t.\t"
    'gene_id "{}"; transcript_id "{}"; gene_name "{}";\n'
)


def test_as_typed(mirror: Path, tmp_path: Path, network: VariantModel) -> None:
    """Against the network run by hand on both sequences, on both strands."""
    (tmp_path / "g.gtf").write_text(
        GTF.format("+", "G1", "T1", "FWD") + GTF.format("-", "G2", "T2", "REV")
    )
    vcf = tmp_path / "a.vcf"
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    with open_genome("hg19", paths(mirror)) as genome:
        codes = genome.padded_codes("chr21", 47_406_757, 47_407_086)
    ref = decode(codes)[99]
    vcf.write_text(f"{head}chr21\t47406857\t.\t{ref}\t{'C' if ref != 'C' else 'T'}\t.\t.\t.\n")
    words = ["score-variants", str(vcf), "--model", "mmsplice", "--genes", str(tmp_path / "g.gtf")]
    fasta = ["--fasta", str(paths(mirror)[1])]
    assert main.run([*words, *fasta, "-o", str(tmp_path / "out.tsv")]) == 0
    with (tmp_path / "out.tsv").open() as file:
        rows = list(csv.DictReader((one for one in file if one[:2] != "##"), delimiter="\t"))
    assert [row["track"] for row in rows][-1] == "delta_logit_psi"
    session = ort.InferenceSession(network.model, providers=["CPUExecutionProvider"])
    changed = codes.copy()
    changed[99] = encode(b"C" if ref != "C" else b"T")[0]
    effects = {}
    for strand, gene in (("+", "FWD"), ("-", "REV")):
        values = []
        for one in (codes, changed):
            turned = reverse_complement(one[None])[0] if strand == "-" else one
            x = np.eye(5, dtype=np.float32)[turned][None, :, :4].transpose(0, 2, 1)
            values.append(session.run(None, {"sequence": np.ascontiguousarray(x)})[0][0, :, 0])
        effects[gene] = delta_logit_psi(values[1] - values[0])
    best = max(effects, key=lambda gene: abs(effects[gene]))
    assert {row["gene"] for row in rows} == {best}
    score = next(value for name, value in rows[-1].items() if name.endswith("score"))
    assert float(score) == pytest.approx(effects[best], rel=1e-4)


def test_without_genes_it_says_how(
    tmp_path: Path, network: VariantModel, capsys: pytest.CaptureFixture[str]
) -> None:
    vcf = tmp_path / "a.vcf"
    vcf.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    words = ["score-variants", str(vcf), "--model", "mmsplice", "-o", str(tmp_path / "b.tsv")]
    assert main.run(words) == 2
    assert "scores no variants along a genome without --genes" in capsys.readouterr().err
    # An option that `calibrate` does not have.
    assert main.run(["calibrate", "mmsplice", "-o", str(tmp_path / "a.safetensors")]) == 2
    err = capsys.readouterr().err
    assert "and has no scores along a genome to draw a background of" in err
    assert "--genes" not in err
