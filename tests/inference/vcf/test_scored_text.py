"""Scores as INFO values and as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zooctl.files.vcf.annotate import Annotator
from zooctl.files.vcf.records import Header, parse_record
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.shift_robust_statistics import NO_PLACE, Measured
from zooctl.inference.vcf.info_fields import ScoringModel, vcf_fields
from zooctl.inference.vcf.scored_text import TableText, VcfText, number

HEADER = Header((b"##fileformat=VCFv4.3",), b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", {})
RECORD = parse_record(b"chr1\t5\trs1\tA\tC,*\t.\t.\t.", 8, "a.vcf", 3)

Make = Callable[..., ScoringModel]


def measured(*values: Sequence[float], place: Sequence[int] = ()) -> Measured:
    score, sd, ref, alt = (np.array(value, dtype=np.float32) for value in values)
    places = np.array(place or [NO_PLACE] * len(score), dtype=np.int64)
    return Measured(score, sd, ref, alt, places)


def allele(status: str, *values: Sequence[float]) -> ScoredAllele:
    return ScoredAllele(status, (measured(*values),))


def info(
    models: Sequence[ScoringModel], results: Sequence[Sequence[ScoredAllele]]
) -> dict[str, str]:
    names = [model.name for model in models]
    text = VcfText(models, Annotator(HEADER, vcf_fields(models), models=names, path="a.vcf"))
    line = text.record(RECORD, results).decode()
    assert line.endswith("\n")
    return dict(entry.split("=") for entry in line[:-1].split("\t")[7].split(";"))


NOTHING = [[np.nan] * 3] * 4
NO_RANKS = "\t" * 5


def test_top_track(make: Make) -> None:
    """Of many tracks a line holds the one that changes most, for each ALT its own."""
    model = make("many", ["a", "b-1", "c"], top=True)
    first = allele("OK", [0.5, np.nan, -2], [0.1, 0.2, 0.3], [1, 2, 4], [3, 2, 1])
    second = allele("EDGE", [3, 1, -2], [0.1, 0.2, 0.3], [1, 2, 4], [8, 2, 1])
    assert info([model], [[first, second]]) == {
        "ZOO_many_TOP_TRACK": "c,a",
        "ZOO_many_TOP_SUM_LFC": "-2.0,3.0",
        "ZOO_many_TOP_SUM_LFC_SD": "0.3,0.1",
        "ZOO_many_TOP_SUM_REF": "4.0,1.0",
        "ZOO_many_TOP_SUM_ALT": "1.0,8.0",
        "ZOO_many_STATUS": "OK,EDGE",
    }
    skipped = allele("STAR", *NOTHING)
    assert info([model], [[first, skipped]])["ZOO_many_TOP_TRACK"] == "c,."
    assert info([model], [[skipped, skipped]]) == {"ZOO_many_STATUS": "STAR,STAR"}


def test_ratio_that_does_not_exist(make: Make) -> None:
    """Its prediction is there, and it is no log of 0 made up."""
    found = allele("OK", [np.nan], [np.nan], [0], [2])
    assert info([make("m", ["t"])], [[found, found]]) == {
        "ZOO_m_t_SUM_REF": "0.0,0.0",
        "ZOO_m_t_SUM_ALT": "2.0,2.0",
        "ZOO_m_STATUS": "OK,OK",
    }


def test_models_that_differ(make: Make) -> None:
    models = [make("one", ["t"]), make("two", ["t"])]
    good, bad = allele("OK", [1], [0], [1], [2]), allele("TOO_LONG", *NOTHING)
    found = info(models, [[good, bad], [bad, bad]])
    assert found["ZOO_one_STATUS"] == "OK,TOO_LONG"
    assert found["ZOO_two_STATUS"] == "TOO_LONG,TOO_LONG"
    assert found["ZOO_one_t_SUM_LFC"] == "1.0,."
    assert "ZOO_STATUS" not in found


def test_scores_with_places(make: Make) -> None:
    model = make("m", ["t"], statistics=["delta"])
    gain = measured([0.75], [0.5], [0.125], [0.875], place=[99])
    loss = measured([0.5], [0.25], [0.75], [0.25], place=[101])
    scored = ScoredAllele("OK", (gain, loss))
    skipped = ScoredAllele("STAR", (measured(*[[np.nan]] * 4),) * 2)
    assert info([model], [[scored, skipped]]) == {
        "ZOO_m_t_DELTA_GAIN_DIFF": "0.75,.",
        "ZOO_m_t_DELTA_GAIN_DIFF_SD": "0.5,.",
        "ZOO_m_t_DELTA_GAIN_REF": "0.125,.",
        "ZOO_m_t_DELTA_GAIN_ALT": "0.875,.",
        "ZOO_m_t_DELTA_GAIN_POS": "100,.",
        "ZOO_m_t_DELTA_LOSS_DIFF": "0.5,.",
        "ZOO_m_t_DELTA_LOSS_DIFF_SD": "0.25,.",
        "ZOO_m_t_DELTA_LOSS_REF": "0.75,.",
        "ZOO_m_t_DELTA_LOSS_ALT": "0.25,.",
        "ZOO_m_t_DELTA_LOSS_POS": "102,.",
        "ZOO_m_STATUS": "OK,STAR",
    }
    rows = TableText([model]).record(RECORD, [[scored, skipped]]).decode().split("\n")
    start = "chr1\t5\trs1\tA"
    assert rows == [
        f"{start}\tC\tOK\tm\tt\tdelta_gain\tdifference\treads\t0.75\t0.5\t0.125\t0.875\t100{NO_RANKS}",
        f"{start}\tC\tOK\tm\tt\tdelta_loss\tdifference\treads\t0.5\t0.25\t0.75\t0.25\t102{NO_RANKS}",
        f"{start}\t*\tSTAR\tm\tt\tdelta_gain\tdifference\treads\t\t\t\t\t{NO_RANKS}",
        f"{start}\t*\tSTAR\tm\tt\tdelta_loss\tdifference\treads\t\t\t\t\t{NO_RANKS}",
        "",
    ]


def test_ratio_and_difference_of_probabilities(make: Make) -> None:
    model = make("m", ["t"], scale="probability")
    difference = measured([0.25], [0], [0.25], [0.5])
    ratio = measured([1], [0], [0.25], [0.5])
    scored = ScoredAllele("OK", (difference, ratio))
    assert info([model], [[scored, scored]]) == {
        "ZOO_m_t_SUM_DIFF": "0.25,0.25",
        "ZOO_m_t_SUM_DIFF_SD": "0.0,0.0",
        "ZOO_m_t_SUM_LFC": "1.0,1.0",
        "ZOO_m_t_SUM_LFC_SD": "0.0,0.0",
        "ZOO_m_t_SUM_REF": "0.25,0.25",
        "ZOO_m_t_SUM_ALT": "0.5,0.5",
        "ZOO_m_STATUS": "OK,OK",
    }


def test_rows(make: Make) -> None:
    good, bad = allele("OK", [1, 2], [0, 0.5], [1, 1], [2, 4]), allele("STAR", *NOTHING)
    rows = TableText([make("m", ["s", "t"])]).record(RECORD, [[good, bad]]).decode().split("\n")
    assert rows == [
        f"chr1\t5\trs1\tA\tC\tOK\tm\ts\tsum\tlog2_ratio\treads\t1.0\t0.0\t1.0\t2.0\t{NO_RANKS}",
        f"chr1\t5\trs1\tA\tC\tOK\tm\tt\tsum\tlog2_ratio\treads\t2.0\t0.5\t1.0\t4.0\t{NO_RANKS}",
        f"chr1\t5\trs1\tA\t*\tSTAR\tm\ts\tsum\tlog2_ratio\treads\t\t\t\t\t{NO_RANKS}",
        f"chr1\t5\trs1\tA\t*\tSTAR\tm\tt\tsum\tlog2_ratio\treads\t\t\t\t\t{NO_RANKS}",
        "",
    ]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_it_was(value: float) -> None:
    assert np.float32(number(np.float32(value))) == np.float32(value)
