"""A VCF scored record by record: nothing is lost, whatever is in it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_genome import toy_genome

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import END
from zooctl.files.vcf.annotate import Annotator
from zooctl.files.vcf.chunks import Parts
from zooctl.files.vcf.records import Header, Record, parse_record
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.inference.vcf import score_vcf as module
from zooctl.inference.vcf.assembly_check import Vcf
from zooctl.inference.vcf.info_fields import ScoringModel, WrittenTrack, vcf_fields
from zooctl.inference.vcf.score_vcf import chunk_records, score_vcf
from zooctl.inference.vcf.scored_text import TableText, VcfText
from zooctl.inference.vcf.tally import Tally
from zooctl.sequence.alleles import Status
from zooctl.sequence.windows import Geometry

GENOME = toy_genome()
LENGTHS = Geometry(input_length=64, output_length=32, bin_size=8, core_length=16)
HEADER = Header((b"##fileformat=VCFv4.3",), b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", {})
VCF = Vcf("a.vcf", GENOME, {})


@pytest.fixture(scope="session")
def models(linear_network: Callable[..., bytes]) -> Sequence[ScoringModel]:
    """Two models of one genome whose windows, and so some statuses, differ."""

    @cache
    def model(name: str, length: int) -> ScoringModel:
        lengths = Geometry(length, 32, 8, 16)
        weights = np.random.default_rng(length).uniform(1, 2, (1, 4, length)).astype(np.float32)
        network = VariantModel(
            linear_network(weights, lengths), lengths, 1, 0.25, "none", "signal", (0,)
        )
        scorer = Scorer(network, GENOME, n_shifts=2, batch_size=8, threads=1, device="cpu")
        written = (WrittenTrack(0, "t", "reads"),)
        return ScoringModel(name, "1.0.0", "0" * 64, "toy", written, False, scorer)

    return [model("small", 64), model("large", 256)]


def record(chrom: str, pos: int, ref: str, alt: str, number: int = 1) -> Record:
    return parse_record(f"{chrom}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.".encode(), 8, "a.vcf", number)


BASES = st.text("ACGTacgtN", min_size=1, max_size=12)
ALTS = BASES | st.sampled_from(["*", ".", "<DEL>", "<NON_REF>", "A[one:5[", ".A", "R"])


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Records of which about half fit the genome, on and off its contigs."""
    chrom = draw(st.sampled_from(["one", "two", "three"]))
    letters = GENOME.sequences.get(chrom, "ACGT" * 100)
    pos = draw(st.integers(0, len(letters) + 3))
    size = draw(st.integers(1, 4))
    real = letters[max(0, pos - 1) :][:size]
    ref = draw(st.sampled_from([real or "A", real.lower() or "C"]) | BASES)
    alts = draw(st.lists(ALTS, min_size=1, max_size=4))
    return record(chrom, pos, ref, ",".join(alts))


def lines(parts: Parts) -> list[str]:
    import gzip

    return gzip.decompress(b"".join(parts.pieces()) + END).decode().splitlines()


@settings(max_examples=25, deadline=None)
@given(given_records=st.lists(records(), max_size=30), chunk=st.integers(1, 8))
def test_counts_add_up_to_the_input(
    models: Sequence[ScoringModel], given_records: list[Record], chunk: int
) -> None:
    annotator = Annotator(HEADER, vcf_fields(models), path="a.vcf")
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        Parts(Path(folder) / "a.vcf", {}, resume=False) as parts,
    ):
        patch.setattr(module, "_RECORDS", chunk)
        done: list[float] = []
        tally = score_vcf(
            given_records, VCF, models, VcfText(models, annotator), parts, advance=done.append
        )
        written = lines(parts)
        assert len(parts.chunks) == -(-len(given_records) // chunk)
    n_alleles = sum(len(one.alts) for one in given_records)
    assert sum(done) == pytest.approx(n_alleles)
    assert (tally.records, tally.alleles) == (len(given_records), n_alleles)
    assert sum(tally.statuses.values()) == n_alleles
    assert [sum(counts.values()) for counts in tally.models.values()] == [n_alleles] * (
        2 if given_records else 0
    )
    # Every record is there, in order, and its statuses are those that were counted.
    assert [line.split("\t")[:7] for line in written] == [
        one.line.decode().split("\t")[:7] for one in given_records
    ]
    infos = [dict(entry.split("=") for entry in line.split("\t")[7].split(";")) for line in written]
    for key, counts in (
        ("ZOO_small_STATUS", tally.models.get("small", {})),
        ("ZOO_large_STATUS", tally.models.get("large", {})),
    ):
        each = [status for info in infos for status in info[key].split(",")]
        assert Counter(each) == counts
        for info, one in zip(infos, given_records, strict=True):
            assert len(info[key].split(",")) == len(one.alts)
    known = {*map(str, Status), "EDGE+N", "MIXED"}
    assert set(tally.statuses) <= known


def test_chunks_and_neighbours_change_no_score(
    models: Sequence[ScoringModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_records = [
        record("one", pos, GENOME.sequences["one"][pos - 1], "A,C,G,T", number)
        for number, pos in enumerate(range(40, 400, 3))
    ]
    found = []
    for chunk in (1, 7, 1000):
        monkeypatch.setattr(module, "_RECORDS", chunk)
        with Parts(tmp_path / f"{chunk}.tsv", {}, resume=False) as parts:
            score_vcf(given_records, VCF, models, TableText(models), parts)
            found.append(lines(parts))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == len(given_records) * 4 * 2


def test_long_records_make_short_chunks(
    models: Sequence[ScoringModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 MB of INFO a record: memory is bounded by bytes, not by the number of records."""
    monkeypatch.setattr(module, "_BYTES", 3_000_000)
    line = b"one\t50\t.\tN\tA\t.\t.\tX=" + b"x" * 1_000_000
    given_records = [parse_record(line, 8, "a.vcf", number) for number in range(7)]
    with Parts(tmp_path / "a.tsv", {}, resume=False) as parts:
        score_vcf(given_records, VCF, models, TableText(models), parts)
        assert [chunk.records for chunk in parts.chunks] == [3, 6, 7]


def test_chunks_of_large_networks_are_short(linear_network: Callable[..., bytes]) -> None:
    """20 shifts of 2,048 bp on both haplotypes: some minutes of a CPU."""
    lengths = Geometry(input_length=2048, output_length=2048, bin_size=32, core_length=1024)
    model = linear_network(np.ones((1, 4, 2048), dtype=np.float32), lengths)
    network = VariantModel(model, lengths, 1, 0.25, "none", "signal", (0,))
    scorer = Scorer(network, GENOME, threads=1, device="cpu")
    large = ScoringModel(
        "large", "1.0.0", "0" * 64, "toy", (WrittenTrack(0, "t", "reads"),), False, scorer
    )
    assert chunk_records([large]) == 2**24 // (2 * 20 * 2048) == 204
    assert chunk_records([large, large]) == 102
    assert chunk_records([]) == 1024


def test_what_is_done_is_not_computed_again(models: Sequence[ScoringModel], tmp_path: Path) -> None:
    given_records = [record("one", 50, GENOME.sequences["one"][49], "<DEL>") for _ in range(1500)]
    with Parts(tmp_path / "a.tsv", {}, resume=False) as parts:
        first = score_vcf(given_records, VCF, models, TableText(models), parts)
    with Parts(tmp_path / "a.tsv", {}, resume=True) as parts:
        size = parts.text.stat().st_size
        # A model that cannot score at all.
        again = score_vcf(given_records, VCF, models[:0], TableText([]), parts)
        assert parts.text.stat().st_size == size
    assert again == first == Tally(**vars(first))
    assert len(parts.chunks) == 2


def test_refused_allele_names_its_line(models: Sequence[ScoringModel], tmp_path: Path) -> None:
    strict = Vcf("a.vcf", GENOME, {}, strict=True)
    given_records = [record("one", 50, GENOME.sequences["one"][49], "*", number=17)]
    with (
        Parts(tmp_path / "a.tsv", {}, resume=False) as parts,
        pytest.raises(InputError, match=r"a\.vcf:17: allele cannot be scored: STAR"),
    ):
        score_vcf(given_records, strict, models, TableText(models), parts)
    assert list(tmp_path.iterdir()) == []
