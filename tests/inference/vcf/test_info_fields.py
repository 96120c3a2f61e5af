"""Scores as INFO fields and as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_genome import toy_genome

from zooctl.errors import InputError
from zooctl.files.vcf.annotate import Annotator
from zooctl.files.vcf.records import Header, parse_record
from zooctl.inference.variants.shift_robust_score import ScoredAllele, Scorer, VariantModel
from zooctl.inference.vcf.info_fields import (
    ScoringModel,
    TableText,
    VcfText,
    joint_status,
    meta_lines,
    number,
    vcf_fields,
)
from zooctl.sequence.windows import Geometry

LENGTHS = Geometry(input_length=64, output_length=32, bin_size=8, core_length=16)
HEADER = Header((b"##fileformat=VCFv4.3",), b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", {})
RECORD = parse_record(b"chr1\t5\trs1\tA\tC,*\t.\t.\t.", 8, "a.vcf", 3)

Make = Callable[..., ScoringModel]


@pytest.fixture(scope="session")
def scorer(linear_network: Callable[..., bytes]) -> Scorer:
    weights = np.ones((1, 4, 64), dtype=np.float32)
    model = linear_network(weights, LENGTHS)
    network = VariantModel(model, LENGTHS, 1, 0.25, "none", "signal", (0,))
    return Scorer(network, toy_genome(), batch_size=2, threads=1, device="cpu")


@pytest.fixture
def make(scorer: Scorer) -> Make:
    def call(name: str, tracks: Sequence[str], top: bool = False) -> ScoringModel:
        numbered = tuple(enumerate(tracks))
        return ScoringModel(name, "1.0.0", "ab" * 32, "hg19", "signal", numbered, top, scorer)

    return call


def allele(status: str, *values: Sequence[float]) -> ScoredAllele:
    return ScoredAllele(status, *(np.array(value, dtype=np.float32) for value in values))


def info(
    models: Sequence[ScoringModel], results: Sequence[Sequence[ScoredAllele]]
) -> dict[str, str]:
    text = VcfText(models, Annotator(HEADER, vcf_fields(models), path="a.vcf"))
    line = text.record(RECORD, results).decode()
    assert line.endswith("\n")
    return dict(entry.split("=") for entry in line[:-1].split("\t")[7].split(";"))


NOTHING = [[np.nan] * 3] * 4


def test_top_track(make: Make) -> None:
    """Of many tracks a line holds the one that changes most, for each ALT its own."""
    model = make("many", ["a", "b-1", "c"], top=True)
    first = allele("OK", [0.5, np.nan, -2], [0.1, 0.2, 0.3], [1, 2, 4], [3, 2, 1])
    second = allele("EDGE", [3, 1, -2], [0.1, 0.2, 0.3], [1, 2, 4], [8, 2, 1])
    assert info([model], [[first, second]]) == {
        "ZOO_many_TOP_TRACK": "c,a",
        "ZOO_many_TOP_LFC": "-2.0,3.0",
        "ZOO_many_TOP_SD": "0.3,0.1",
        "ZOO_many_TOP_REF": "4.0,1.0",
        "ZOO_many_TOP_ALT": "1.0,8.0",
        "ZOO_STATUS": "OK,EDGE",
    }
    skipped = allele("STAR", *NOTHING)
    assert info([model], [[first, skipped]])["ZOO_many_TOP_TRACK"] == "c,."
    assert info([model], [[skipped, skipped]]) == {"ZOO_STATUS": "STAR,STAR"}


def test_ratio_that_does_not_exist(make: Make) -> None:
    """Its prediction is there, and it is no log of 0 made up."""
    found = allele("OK", [np.nan], [np.nan], [0], [2])
    assert info([make("m", ["t"])], [[found, found]]) == {
        "ZOO_m_t_REF": "0.0,0.0",
        "ZOO_m_t_ALT": "2.0,2.0",
        "ZOO_STATUS": "OK,OK",
    }


def test_models_that_differ(make: Make) -> None:
    models = [make("one", ["t"]), make("two", ["t"])]
    good, bad = allele("OK", [1], [0], [1], [2]), allele("TOO_LONG", *NOTHING)
    found = info(models, [[good, bad], [bad, bad]])
    assert found["ZOO_STATUS"] == "MIXED,TOO_LONG"
    assert found["ZOO_one_STATUS"] == "OK,TOO_LONG"
    assert found["ZOO_two_STATUS"] == "TOO_LONG,TOO_LONG"
    assert found["ZOO_one_t_LFC"] == "1.0,."
    assert joint_status(["OK"]) == "OK"


def test_names_that_info_keys_cannot_tell_apart(make: Make) -> None:
    with pytest.raises(InputError, match="ZOO_m_a_b_LFC"):
        vcf_fields([make("m", ["a-b", "a_b"])])
    with pytest.raises(InputError, match="ZOO_m_a_b_LFC"):
        vcf_fields([make("m_a", ["b"]), make("m", ["a_b"])])


def test_rows(make: Make) -> None:
    good, bad = allele("OK", [1, 2], [0, 0.5], [1, 1], [2, 4]), allele("STAR", *NOTHING)
    rows = TableText([make("m", ["s", "t"])]).record(RECORD, [[good, bad]]).decode().split("\n")
    assert rows == [
        "chr1\t5\trs1\tA\tC\tOK\tm\ts\t1.0\t0.0\t1.0\t2.0",
        "chr1\t5\trs1\tA\tC\tOK\tm\tt\t2.0\t0.5\t1.0\t4.0",
        "chr1\t5\trs1\tA\t*\tSTAR\tm\ts\t\t\t\t",
        "chr1\t5\trs1\tA\t*\tSTAR\tm\tt\t\t\t\t",
        "",
    ]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_it_was(value: float) -> None:
    assert np.float32(number(np.float32(value))) == np.float32(value)


def test_meta(make: Make) -> None:
    (line,) = meta_lines([make("m", ["t"])], {"CheckRef": "skip"})
    assert line.startswith(b'##zooctl=<ID=m,ModelVersion=1.0.0,Weights="sha256:abab')
    assert b",Assembly=hg19,Shifts=20,MaxShift=8,Seed=0,CheckRef=skip,Version=" in line
