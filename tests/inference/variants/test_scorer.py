"""Scores equal the naive definition, and depend on nothing but genome, allele and network."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_scores import naive_profiles, naive_score, normalise
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from toy_genome import ToyGenome, other_ways, random_alleles, repetitive, toy_genome
from toy_onehot import to_onehot

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import InputError, VerificationError
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.sequence.alleles import SCORED, Allele
from zooctl.sequence.onehot import decode, encode, reverse_complement
from zooctl.sequence.windows import Geometry

Build = Callable[..., bytes]

BINNED = Geometry(input_length=256, output_length=128, bin_size=16, core_length=64)
WHOLE = Geometry(input_length=192, output_length=192, bin_size=32, core_length=64)
BASES = Geometry(input_length=303, output_length=101, bin_size=1, core_length=61)
SCALAR = Geometry(input_length=145, output_length=145, bin_size=145, core_length=145)
MOTIF = Geometry(input_length=120, output_length=120, bin_size=120, core_length=120)


GENOME = toy_genome()
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
INVERSE = {"none": np.positive, "arcsinh": np.sinh, "log1p": np.expm1}


def positive(model: bytes) -> bytes:
    """The network with a softplus behind it, so that its signal is above 0."""
    proto = onnx.ModelProto.FromString(model)
    proto.graph.node[-1].output[0] = "before"
    proto.graph.node.append(helper.make_node("Softplus", ["before"], ["y"]))
    serialised: bytes = proto.SerializeToString()
    return serialised


def motif_scan(geometry: Geometry) -> bytes:
    """The best hit of two motifs in a window: a convolution and a maximum."""
    rng = np.random.default_rng(5)
    weights = rng.standard_normal((2, 4, 9)).astype(np.float32)
    float32 = onnx.TensorProto.FLOAT
    hits = geometry.input_length - 8
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["hits"]),
            helper.make_node("MaxPool", ["hits"], ["y"], kernel_shape=[hits], strides=[hits]),
        ],
        "scan",
        [helper.make_tensor_value_info("x", float32, ["batch", 4, geometry.input_length])],
        [helper.make_tensor_value_info("y", float32, ["batch", 2, 1])],
        [numpy_helper.from_array(weights, "w")],
    )
    opset = [helper.make_opsetid("", 20)]
    serialised: bytes = helper.make_model(
        graph, opset_imports=opset, ir_version=10
    ).SerializeToString()
    return serialised


@pytest.fixture(scope="session")
def networks(conv_network: Build) -> dict[str, VariantModel]:
    """Networks of different geometry, scale and transform; all have two tracks."""
    order = (1, 0)
    return {
        "binned": VariantModel(
            positive(conv_network(BINNED, 8, 9, 3, "pointwise", 1)),
            *(BINNED, 2, 0.25, "arcsinh", "signal", order),
        ),
        "whole": VariantModel(
            positive(conv_network(WHOLE, 8, 7, 2, "dense", 2)),
            *(WHOLE, 2, 0.0, "none", "signal", order),
        ),
        "bases": VariantModel(
            conv_network(BASES, 6, 5, 2, "pointwise", 3), BASES, 2, 0.0, "log1p", "log", order
        ),
        "scalar": VariantModel(
            conv_network(SCALAR, 8, 7, 2, "dense", 4), SCALAR, 2, 0.25, "none", "logit", order
        ),
        "motif": VariantModel(motif_scan(MOTIF), MOTIF, 2, 0.0, "none", "log", (0, 1)),
    }


@pytest.fixture(autouse=True, params=["plain", "auto"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both paths, though small networks gain little by the second."""
    monkeypatch.setattr("zooctl.inference.variants.shared.LEAST_GAIN", 0)
    monkeypatch.setattr("zooctl.inference.engine.network.LEAST_GAIN", 0)
    ENGINE.append(request.param)
    yield request.param
    ENGINE.pop()


ENGINE: list[str] = []


def scorer(network: VariantModel, **options: object) -> Scorer:
    chosen = {"n_shifts": 6, "threads": 1, "batch_size": 6, "device": "cpu"}
    chosen |= {"engine": ENGINE[-1], **options}
    return Scorer(network, GENOME, **chosen)  # type: ignore[arg-type]


def naive_predict(
    network: VariantModel, both_strands: bool
) -> Callable[[list[str]], NDArray[np.float64]]:
    """The bare network, run by onnxruntime for itself."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(network.model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        output = session.run(None, {name: to_onehot(codes, network.unknown_base)})[0]
        return INVERSE[network.transform](output.astype(np.float64))

    def predict(windows: list[str]) -> NDArray[np.float64]:
        codes = np.stack([encode(window.encode()) for window in windows])
        if not both_strands:
            return run(codes)
        other = run(reverse_complement(codes))[:, list(network.track_order_rc), ::-1]
        return (run(codes) + other) / 2

    return predict


def assert_naive(
    scored: Sequence[ScoredAllele],
    alleles: Sequence[Allele],
    net: VariantModel,
    of: Scorer,
    both_strands: bool = False,
    genome: ToyGenome = GENOME,
) -> int:
    """Compare with the naive definition to 1e-6; return how many have a score."""
    predict = naive_predict(net, both_strands)
    n = 0
    for one, allele in zip(scored, alleles, strict=True):
        if not set(one.status.split("+")) <= SCORED:
            assert np.isnan([one.score, one.sd, one.ref, one.alt]).all()
            continue
        ref, alt, _ = naive_profiles(
            genome.sequences[allele.chrom],
            allele[1:],
            predict,
            net.geometry,
            of.shifts.tolist(),
            of.max_shift,
        )
        expected = naive_score((ref, alt), net.scale == "signal")
        for got, want in zip((one.score, one.sd, one.ref, one.alt), expected, strict=True):
            if got is one.sd and len(of.shifts) == 1:
                continue
            assert got.dtype == np.float32
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6, err_msg=str(allele))
        n += 1
    return n


def of_each(of: Scorer, alleles: Sequence[Allele]) -> list[ScoredAllele]:
    """Score alleles, each in a record of its own."""
    return [one for (one,) in of.score([allele] for allele in alleles)]


def same_bits(one: ScoredAllele, other: ScoredAllele) -> bool:
    return one.status == other.status and all(
        getattr(one, field).tobytes() == getattr(other, field).tobytes()
        for field in ("score", "sd", "ref", "alt")
    )


NAMES = ["binned", "whole", "bases", "scalar", "motif"]


@pytest.mark.parametrize("name", NAMES)
def test_equals_the_naive_definition(networks: dict[str, VariantModel], name: str) -> None:
    """500 alleles over five geometries."""
    of = scorer(networks[name])
    alleles = random_alleles(GENOME, 100, of.max_allele_length + 2, 1)
    scored = of_each(of, alleles)
    assert assert_naive(scored, alleles, networks[name], of) > 80
    assert {one.status for one in scored} >= {"OK", "EDGE"}


@pytest.mark.parametrize("name", ["binned", "bases", "scalar"])
def test_both_strands_equal_the_naive_definition(
    networks: dict[str, VariantModel], name: str
) -> None:
    of = scorer(networks[name], reverse_complement=True)
    alleles = random_alleles(GENOME, 25, of.max_allele_length, 2)
    scored = of_each(of, alleles)
    assert assert_naive(scored, alleles, networks[name], of, both_strands=True) > 15
    one_strand = of_each(scorer(networks[name]), alleles)
    assert any(abs(a.score - b.score).max() > 1e-4 for a, b in zip(scored, one_strand, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_single_pass_equals_the_naive_definition(
    networks: dict[str, VariantModel], name: str
) -> None:
    of = scorer(networks[name], n_shifts=1, max_shift=0, batch_size=1)
    assert of.shifts.tolist() == [0]
    alleles = random_alleles(GENOME, 30, of.max_allele_length, 3)
    scored = of_each(of, alleles)
    assert all(np.isnan(one.sd).all() for one in scored)
    assert assert_naive(scored, alleles, networks[name], of) > 25


@pytest.mark.parametrize("name", ["binned", "whole", "bases"])
def test_other_statistics_equal_the_naive_definition(
    networks: dict[str, VariantModel], name: str
) -> None:
    """Base by base, of two tracks and six shifts; the sum is the one that the graph makes."""
    net = networks[name]
    statistics = ["sum", "local", "max", "delta"] + ["jsd"] * (net.scale == "signal")
    of = scorer(net, statistics=statistics, distance=7, mean_track=True)
    alleles = random_alleles(GENOME, 40, of.max_allele_length, 8)
    plain = of_each(scorer(net), alleles)
    n = 0
    for one, allele, sums in zip(of_each(of, alleles), alleles, plain, strict=True):
        assert one.status == sums.status
        if not set(one.status.split("+")) <= SCORED:
            continue
        found = dict(zip([(m.statistic, m.kind) for m in of.measures], one.measured, strict=True))
        by_sum = found["sum", "log2_ratio" if net.scale == "signal" else "difference"]
        np.testing.assert_allclose(by_sum.score[:2], sums.score, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(by_sum.score[2], sums.score.mean(), rtol=1e-5, atol=1e-6)
        letters = GENOME.sequences[allele.chrom]
        ref, alt, places = naive_profiles(
            *(letters, allele[1:], naive_predict(net, False), net.geometry),
            *(of.shifts.tolist(), of.max_shift),
        )
        start, replaced, _ = normalise(letters, *allele[1:])
        near = [start - 7 <= place < start + len(replaced) + 7 for place in places]
        local = found["local", "log2_ratio" if net.scale == "signal" else "difference"]
        expected = naive_score((ref[..., near], alt[..., near]), net.scale == "signal")
        np.testing.assert_allclose(local.score[:2], expected[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(local.sd[:2], expected[1], rtol=1e-4, atol=1e-6)
        change = alt.mean(axis=0) - ref.mean(axis=0)
        largest = found["max", "difference"]
        for track in range(2):
            at = max(range(len(places)), key=lambda i: abs(change[track, i]))
            assert largest.score[track] == pytest.approx(change[track, at], rel=1e-5, abs=1e-6)
            # A bin's bases are equal but for rounding, and any of them may be the largest.
            there = places.index(int(largest.place[track]))
            assert abs(change[track, there]) == pytest.approx(abs(change[track, at]), rel=1e-5)
        if len(replaced) == len(allele.alt) == 1:
            gain = found["delta_gain", "difference"]
            # A small difference of predictions has their rounding.
            np.testing.assert_allclose(
                gain.score[:2], change[:, near].max(axis=1), rtol=1e-5, atol=1e-7
            )
        n += 1
    assert n > 25


def test_a_scalar_has_its_sum_as_its_largest_change(networks: dict[str, VariantModel]) -> None:
    alleles = random_alleles(GENOME, 20, 10, 9)
    plain = of_each(scorer(networks["scalar"]), alleles)
    both = of_each(
        scorer(networks["scalar"], statistics=["sum", "max"], reverse_complement=False), alleles
    )
    for one, sums in zip(both, plain, strict=True):
        for found in one.measured:
            np.testing.assert_allclose(found.score, sums.score, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["binned", "bases"])
def test_both_strands_of_all_bins(networks: dict[str, VariantModel], name: str) -> None:
    alleles = random_alleles(GENOME, 20, 10, 10)
    plain = of_each(scorer(networks[name], reverse_complement=True), alleles)
    of = scorer(networks[name], reverse_complement=True, statistics=["sum", "max"])
    for one, sums in zip(of_each(of, alleles), plain, strict=True):
        np.testing.assert_allclose(one.score, sums.score, rtol=1e-6, atol=1e-6)


def test_statistics_are_checked_before_anything_is_predicted(
    networks: dict[str, VariantModel],
) -> None:
    with pytest.raises(InputError, match="statistic jsd"):
        scorer(networks["bases"], statistics=["jsd"])
    with pytest.raises(InputError, match="distance must be at least 1"):
        scorer(networks["whole"], statistics=["local"], distance=0)


def test_real_network_on_real_sequence(repo: Path) -> None:
    """The zoo's CTCF network around a strong site of chr21, with real neighbours."""
    entry = registry.entry("ctcf_gm12878")
    network = VariantModel.of(entry.card(), onnx_bytes(entry))
    with Fasta(repo / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz") as fasta:
        letters = decode(fasta.codes("chr21", 33_980_000, 33_986_000))
    genome = ToyGenome({"chr21": letters})
    alleles = [
        Allele("chr21", at, letters[at : at + removed], letters[at] + "GATTACA"[:added])
        for at, removed, added in ((3_000, 1, 3), (3_100, 4, 0), (3_201, 3, 5), (5_500, 1, 1))
    ]
    alleles += [Allele("chr21", 2_900, letters[2_900], OTHER[letters[2_900]])]
    of = Scorer(network, genome, n_shifts=3, batch_size=3, device="cpu")
    assert (of.max_shift, of.max_allele_length) == (512, 512)
    scored = of_each(of, alleles)
    assert assert_naive(scored, alleles, network, of, genome=genome) == 5


@given(st.integers(0, 2**32), st.sampled_from(NAMES))
@settings(max_examples=25, deadline=None)
def test_equal_alleles_score_equal(networks: dict[str, VariantModel], seed: int, name: str) -> None:
    """Padded, in lower case, and at every place of a repeat: not only within 1e-6, but equal."""
    of = scorer(networks[name], n_shifts=3)
    rng = np.random.default_rng(seed)
    (allele,) = random_alleles(GENOME, 1, 12, seed)
    ways = other_ways(GENOME, allele, rng)
    # Each by a scorer that has seen none of the others.
    scored = [next(iter(scorer(networks[name], n_shifts=3).score([[way]])))[0] for way in ways]
    assert all(same_bits(one, scored[0]) for one in scored)
    together = list(of.score([ways]))
    assert all(same_bits(one, scored[0]) for one in together[0])


def test_order_shard_and_neighbours_change_no_bit(networks: dict[str, VariantModel]) -> None:
    for name in NAMES:
        alleles = random_alleles(GENOME, 40, 12, 5)
        options = {"batch_size": 16, "threads": 2}
        expected = of_each(scorer(networks[name], **options), alleles)
        order = np.random.default_rng(0).permutation(len(alleles)).tolist()
        shuffled = of_each(scorer(networks[name], **options), [alleles[i] for i in order])
        assert all(same_bits(shuffled[k], expected[i]) for k, i in enumerate(order))
        part = of_each(scorer(networks[name], **options), alleles[17:29])
        assert all(map(same_bits, part, expected[17:29]))
        # As ALTs of few records, and each twice.
        records = [alleles[:15], [], alleles[15:16], [*alleles[16:], *alleles]]
        scored = list(scorer(networks[name], **options).score(records))
        assert [len(one) for one in scored] == [len(record) for record in records]
        flat = [one for record in scored for one in record]
        assert all(map(same_bits, flat, [*expected, *expected]))


def test_batch_size_and_threads_change_rounding_at_most(networks: dict[str, VariantModel]) -> None:
    alleles = random_alleles(GENOME, 30, 12, 6)
    for name in NAMES:
        first, *rest = [
            of_each(scorer(networks[name], n_shifts=20, threads=threads, batch_size=size), alleles)
            for threads, size in ((1, 1), (2, 7), (2, 64), (1, None))
        ]
        for other in rest:
            for one, two in zip(first, other, strict=True):
                assert one.status == two.status
                np.testing.assert_allclose(one.score, two.score, rtol=0, atol=1e-6)


def test_reference_is_predicted_once_for_a_site(networks: dict[str, VariantModel]) -> None:
    """Three SNVs of a site need four sets of windows; the same site again needs none."""
    of = scorer(networks["whole"])
    letters = GENOME.sequences["one"]
    site = [Allele("one", 600, letters[600], base) for base in "ACGT" if base != letters[600]]
    list(of.score([site, site[1:], [site[0]]]))
    assert of.n_predicted == 4 * len(set(of.shifts.tolist()))


def test_statuses(networks: dict[str, VariantModel]) -> None:
    of = scorer(networks["whole"])
    genome, length = GENOME.sequences["one"], len(GENOME.sequences["one"])

    def snv(chrom: str, start: int) -> Allele:
        ref = GENOME.sequences[chrom][start]
        return Allele(chrom, start, ref, OTHER[ref])

    cases = [
        (snv("one", 600), "OK"),
        (snv("one", 70), "EDGE+N"),
        (snv("one", 150), "EDGE"),
        (snv("one", length - 71), "EDGE+N"),
        (snv("two", 230), "N"),
        # Windows that are shifted away from the contig's beginning hold little of it.
        (snv("one", 0), "MOSTLY_N"),
        (Allele("one", 600, OTHER[genome[600]], genome[600]), "REF_MISMATCH"),
        (Allele("one", 600, genome[600], "<DEL>"), "SYMBOLIC"),
        (Allele("one", 600, genome[600], "A]two:5]"), "BREAKEND"),
        (Allele("one", 600, genome[600], "*"), "STAR"),
        (Allele("one", 600, genome[600], "."), "NO_ALT"),
        (Allele("one", length + 5, "A", "C"), "OUT_OF_RANGE"),
        (Allele("three", 600, "A", "C"), "NO_CONTIG"),
        (Allele("one", 600, genome[600], genome[600] + "A" * 60), "TOO_LONG"),
        (Allele("one", 500, genome[500:561], genome[500]), "TOO_LONG"),
        (Allele("two", 260, "N", "A"), "N_ALLELE"),
        (Allele("two", 260, "A", "C"), "REF_MISMATCH"),
        (Allele("one", 600, genome[600], "R"), "AMBIGUOUS_ALT"),
        (Allele("one", -1, "N", "A"), "TELOMERE"),
        (Allele("one", 600, genome[600], genome[600].lower()), "REF_EQ_ALT"),
    ]
    (scored,) = of.score([[allele for allele, _ in cases]])
    assert [one.status for one in scored] == [status for _, status in cases]
    assert [of.check(allele) for allele, _ in cases] == [status for _, status in cases]
    for one in scored:
        known = np.isfinite([one.score, one.sd, one.ref, one.alt])
        assert known.all() if set(one.status.split("+")) <= SCORED else not known.any()


def test_mostly_unknown_windows_are_not_scored(networks: dict[str, VariantModel]) -> None:
    short = ToyGenome({"one": "N" * 200 + repetitive(60, 1) + "N" * 200})
    of = Scorer(networks["whole"], short, n_shifts=3, device="cpu")
    base = short.sequences["one"][220]
    assert of.check(Allele("one", 220, base, OTHER[base])) == "MOSTLY_N"


def test_reference_that_is_not_the_genome(networks: dict[str, VariantModel]) -> None:
    genome = GENOME.sequences["one"]
    other = OTHER[genome[700]]
    right, wrong = Allele("one", 700, genome[700], other), Allele("one", 700, other, genome[700])
    deleted = Allele("one", 710, genome[710:714], genome[710])
    inserted = Allele("one", 710, genome[710], genome[710] + "GGG")
    turned = [Allele(*one[:2], one.alt, one.ref) for one in (deleted, inserted)]
    with pytest.raises(InputError, match=r"REF at one:701 is not what the genome has"):
        list(scorer(networks["whole"], check_ref="fail").score([[right], [wrong]]))
    of = scorer(networks["whole"], check_ref="swap")
    scored = of_each(of, [right, wrong, inserted, *turned])
    assert [one.status for one in scored[:2]] == ["OK", "SWAPPED"]
    np.testing.assert_allclose(scored[1].score, -scored[0].score, atol=1e-7)
    assert np.array_equal(scored[1].ref, scored[0].alt)
    # A deletion turned round reads as an insertion, of which the genome has both.
    assert scored[4].status == "SWAPPED"
    np.testing.assert_allclose(scored[4].score, -scored[2].score, atol=1e-7)
    neither = Allele("one", 700, other, OTHER[OTHER[genome[700]]])
    assert of.check(neither) == "REF_MISMATCH"


def test_shifts(networks: dict[str, VariantModel]) -> None:
    net = networks["whole"]
    first, again, other = (scorer(net, seed=seed).shifts for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()
    many = scorer(net, n_shifts=5_000).shifts
    assert (many.min(), many.max()) == (-64, 63)
    with pytest.raises(InputError, match=r"got 96 bp; expected 0 to 95"):
        scorer(net, max_shift=96)
    with pytest.raises(InputError, match="from 1 to 10,000"):
        scorer(net, n_shifts=0)


def test_prediction_that_is_no_number(networks: dict[str, VariantModel]) -> None:
    proto = onnx.ModelProto.FromString(networks["whole"].model)
    proto.graph.node[-1].output[0] = "soft"
    proto.graph.node.append(helper.make_node("Log", ["negative"], ["y"]))
    proto.graph.node.insert(
        len(proto.graph.node) - 1, helper.make_node("Neg", ["soft"], ["negative"])
    )
    broken = replace(networks["whole"], model=proto.SerializeToString())
    letters = GENOME.sequences["one"]
    allele = Allele("one", 600, letters[600], letters[600] + "T")
    with pytest.raises(VerificationError, match=r"prediction for one:601 .* not a finite number"):
        list(scorer(broken).score([[allele]]))


def test_streams(networks: dict[str, VariantModel]) -> None:
    """Records without end, most with nothing to predict; reading stays close to what is yielded."""
    letters = GENOME.sequences["one"]
    read = 0

    def records() -> Iterator[list[Allele]]:
        nonlocal read
        for number in itertools.count():
            read += 1
            ref = letters[600 + number % 50]
            yield [Allele("one", 600 + number % 50, ref, "T" if number % 7 == 0 else "*")]

    found = scorer(networks["motif"]).score(records())
    for number, (one,) in enumerate(itertools.islice(found, 20_000)):
        assert (one.status == "STAR") == (number % 7 != 0) or one.status == "REF_EQ_ALT"
        assert read - number < 60_000
    found.close()


def test_an_error_of_the_reader_arrives(networks: dict[str, VariantModel]) -> None:
    def records() -> Iterator[list[Allele]]:
        yield [Allele("one", 600, "A", "*")]
        raise InputError("POS is not a number", path="a.vcf", line=7)

    with pytest.raises(InputError, match=r"a.vcf:7"):
        list(scorer(networks["motif"]).score(records()))
