"""OpenSpliceAI on measured splicing: the figure of its authors' seed, and that of the mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from zooctl.catalog import registry
from zooctl.catalog.genomes import open_genome
from zooctl.catalog.weights import onnx_bytes
from zooctl.files.intervals.transcripts import Gene, GeneIndex
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.files.weights.torch_state import read_state_dicts
from zooctl.inference.adopt.networks.splice_residual import splice_graph
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.sequence.alleles import Allele

DISTANCE = 250


def losses(name: str, model: bytes, mirror: Path) -> tuple[np.ndarray, np.ndarray]:
    """Summed losses of acceptor and donor on the measured strand, and the changes of inclusion."""
    network = VariantModel.of(registry.entry(name).card(), model).around(DISTANCE, 0)
    text = (mirror / "mfass_hg19/MFASS.chr20_21.tsv").read_text()
    rows = [line.split("\t") for line in text.splitlines()]
    folder = mirror / "hg19_chr20_chr21"
    paths = [folder / f"hg19.{chrom}.fa.gz" for chrom in ("chr20", "chr21")]
    found = np.zeros(len(rows))
    with open_genome("hg19", paths) as genome:
        for strand in "+-":
            contigs = genome.contigs.items()
            whole = [Gene(chrom, 0, length, strand, strand, ()) for chrom, length in contigs]
            scorer = Scorer(
                network,
                genome,
                genes=GeneIndex(whole),
                n_shifts=1,
                max_shift=0,
                statistics=("delta",),
                distance=DISTANCE,
                device="cpu",
            )
            own = [number for number, row in enumerate(rows) if row[3] == strand]
            scored = scorer.score([allele(rows[number][0])] for number in own)
            for number, (one,) in zip(own, scored, strict=True):
                ((_, measured),) = one.genes
                found[number] = measured[1].score.sum()
    return found, np.array([float(row[9]) for row in rows])


def allele(text: str) -> Allele:
    chrom, pos, ref, alt = text.split("_")
    return Allele(chrom, int(pos) - 1, ref, alt)


def figures(name: str, model: bytes, mirror: Path) -> tuple[float, float]:
    score, change = losses(name, model, mirror)
    skipped = change < -0.5
    assert (len(change), skipped.sum()) == (982, 46)
    return float(roc_auc_score(skipped, score)), float(spearmanr(score, -change)[0])


def one_seed(mirror: Path, form: str, context: int) -> tuple[float, float]:
    path = mirror / f"weights/openspliceai_mane/{context}nt/model_{context}nt_rs14.pt"
    (state,) = read_state_dicts([(path.read_bytes(), path)])
    model = put_weights(splice_graph(context, [None]), state)
    return figures(f"openspliceai_{form}", model, mirror)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "context", "auroc", "rank"),
    [("400", 400, 0.889, 0.249), ("10k", 10_000, 0.857, 0.241)],
)
def test_one_seed(form: str, context: int, auroc: float, rank: float, mirror: Path) -> None:
    """The 10k form takes five minutes."""
    found = one_seed(mirror, form, context)
    assert found == (pytest.approx(auroc, abs=0.001), pytest.approx(rank, abs=0.001))


@pytest.mark.slow
def test_the_mean_of_five(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    name = "openspliceai_400"
    auroc, rank = figures(name, onnx_bytes(registry.entry(name)), mirror)
    assert (auroc, rank) == (pytest.approx(0.894, abs=0.001), pytest.approx(0.268, abs=0.001))
