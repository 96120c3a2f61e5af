"""Scores on the transcribed strand, against SpliceAI's way of scoring one window after another."""

from __future__ import annotations

from collections.abc import Mapping

import naive_splicing
import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.transcripts import Gene, GeneIndex
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import Codes, N, encode
from zooctl.sequence.windows import Geometry

RNG = np.random.default_rng(21)
CONTEXT, DISTANCE = 40, 12
LETTERS = "".join(RNG.choice(list("ACGT"), 3_000))
GENES = [
    Gene("chr1", 400, 1_400, "+", "LONG", ()),
    Gene("chr1", 980, 1_030, "-", "SHORT", ()),
    Gene("chr1", 1_990, 2_600, "-", "OTHER", ()),
]


class OneContig:
    """A genome of one contig."""

    contigs: Mapping[str, int] = {"chr1": len(LETTERS)}

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        inside = encode(LETTERS[max(start, 0) : max(end, 0)].encode())
        left = min(max(-start, 0), end - start)
        right = end - start - left - len(inside)
        return np.pad(inside, (left, right), constant_values=N)


@pytest.fixture(scope="module")
def network() -> bytes:
    """Two convolutions with 40 bp of context, any length, values between 0 and 1."""
    tensors = {
        "k": RNG.normal(size=(6, 4, 21)).astype(np.float32) / 3,
        "m": RNG.normal(size=(2, 6, 21)).astype(np.float32) / 5,
    }
    builder = GraphBuilder(unpadded=True)
    hidden = builder.conv(Value(INPUT), builder.weight("k", (6, 4, 21)), None, width=21)
    hidden = builder.each("Relu", hidden)
    out = builder.conv(hidden, builder.weight("m", (2, 6, 21)), None, width=21)
    out = builder.each("Sigmoid", builder.crop(out, 20))
    return put_weights(builder.finish(out, 2, input_length=None, n_bins=None), tensors)


def model(network: bytes, length: int = 200) -> VariantModel:
    return VariantModel(
        network,
        Geometry(length + CONTEXT, length, 1, length),
        2,
        0.0,
        "none",
        "probability",
        (0, 1),
        transcribed=True,
    )


def scorer(network: bytes, genes: GeneIndex | None) -> Scorer:
    around = model(network).around(DISTANCE, 0)
    assert around.geometry.input_length == CONTEXT + 4 * DISTANCE + 1
    options = {"n_shifts": 1, "max_shift": 0, "statistics": ("delta",), "distance": DISTANCE}
    return Scorer(around, OneContig(), genes=genes, device="cpu", **options)


def run(network: bytes) -> naive_splicing.Run:
    session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {INPUT: x})[0])

    return predict


def alleles(positions: list[int]) -> list[Allele]:
    """Substitutions, insertions and deletions that are left-aligned as they stand."""
    found = []
    for position in positions:
        here, behind = LETTERS[position - 1], LETTERS[position : position + 4]
        new = next(base for base in "ACGT" if base != here)
        found.append(Allele("chr1", position - 1, here, new))
        other = next(base for base in "ACGT" if base not in (here, behind[0]))
        found.append(Allele("chr1", position - 1, here, here + 3 * other))
        if len({here, *behind[:1]}) > 1 and behind[2] != here:
            found.append(Allele("chr1", position - 1, here + behind[:3], here))
    return found


def test_in_genes_as_spliceai_scores(network: bytes) -> None:
    chosen = alleles([500, 985, 1_000, 1_025, 1_390, 2_000, 2_500])
    scored = list(scorer(network, GeneIndex(GENES)).score([one] for one in chosen))
    predict, n_in_two = run(network), 0
    for allele, (got,) in zip(chosen, scored, strict=True):
        over = [gene for gene in GENES if gene.start <= allele.start < gene.end]
        assert [gene for gene, _ in got.genes] == over
        n_in_two += len(over) > 1
        largest = 0.0
        for gene, measured in got.genes:
            scores, places = naive_splicing.deltas(
                predict,
                LETTERS,
                naive_splicing.Gene(gene.name, gene.chrom, gene.strand, gene.start + 1, gene.end),
                allele.start + 1,
                allele.ref,
                allele.alt,
                distance=DISTANCE,
                context=CONTEXT,
            )
            # Gain and loss of the first track, then of the second.
            mine = [measured[way].score[track] for track in (0, 1) for way in (0, 1)]
            assert mine == pytest.approx(scores, abs=1e-5), str(allele)
            at = [measured[way].place[track] for track in (0, 1) for way in (0, 1)]
            assert [place - allele.start for place in at] == places, str(allele)
            largest = max(largest, *scores)
        assert max(float(one.score.max()) for one in got.measured) == pytest.approx(largest)
        assert got.gene in over
    assert n_in_two >= 6


def test_where_no_gene_is(network: bytes) -> None:
    (one,) = next(scorer(network, GeneIndex(GENES)).score([alleles([1_700])[:1]]))
    assert (one.status, one.genes, one.gene) == ("NO_GENE", (), None)
    assert np.isnan(one.score).all()


def test_both_strands_without_genes(network: bytes) -> None:
    """A gene over everything, on either strand, is the strand itself."""
    chosen = alleles([1_000, 1_300])
    both = [one for (one,) in scorer(network, None).score([one] for one in chosen)]
    for at, strand in enumerate("+-"):
        whole = GeneIndex([Gene("chr1", 0, len(LETTERS), strand, "ALL", ())])
        each = [one for (one,) in scorer(network, whole).score([one] for one in chosen)]
        for one, other in zip(each, both, strict=True):
            for mine, theirs in zip(one.measured, other.measured, strict=True):
                part = slice(2 * at, 2 * at + 2)
                assert np.allclose(mine.score, theirs.score[part], atol=1e-6)
                assert mine.place.tolist() == theirs.place[part].tolist()


def test_options_that_contradict_the_network(network: bytes) -> None:
    with pytest.raises(InputError, match="reads the transcribed strand"):
        Scorer(model(network), OneContig(), reverse_complement=True, n_shifts=1, max_shift=0)
    plain = VariantModel(
        *(
            getattr(model(network), name)
            for name in (
                "model",
                "geometry",
                "n_tracks",
                "unknown_base",
                "transform",
                "scale",
                "track_order_rc",
            )
        )
    )
    with pytest.raises(InputError, match="genes are of use"):
        Scorer(plain, OneContig(), genes=GeneIndex(GENES), n_shifts=1, max_shift=0)
