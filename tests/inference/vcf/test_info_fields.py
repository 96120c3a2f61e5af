"""INFO fields: their names, their descriptions, and the models' header lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zooctl.errors import InputError
from zooctl.inference.vcf.info_fields import ScoringModel, meta_lines, vcf_fields

Make = Callable[..., ScoringModel]


def keys(model: ScoringModel) -> list[str]:
    return [field.key.removeprefix(f"ZOO_{model.name}_") for field in vcf_fields([model])]


def test_names_say_statistic_and_kind(make: Make) -> None:
    assert keys(make("m", ["t"])) == [
        *("t_SUM_LFC", "t_SUM_LFC_SD", "t_SUM_REF", "t_SUM_ALT", "STATUS"),
    ]
    assert keys(make("m", ["t"], scale="logit")) == [
        *("t_SUM_DIFF", "t_SUM_DIFF_SD", "t_SUM_REF", "t_SUM_ALT", "STATUS"),
    ]
    assert keys(make("m", ["t"], scale="probability")) == [
        *("t_SUM_DIFF", "t_SUM_DIFF_SD", "t_SUM_LFC", "t_SUM_LFC_SD", "t_SUM_REF", "t_SUM_ALT"),
        "STATUS",
    ]
    assert keys(make("m", ["t"], statistics=["max", "jsd", "delta"])) == [
        *("t_MAX_DIFF", "t_MAX_DIFF_SD", "t_MAX_REF", "t_MAX_ALT", "t_MAX_POS"),
        *("t_JSD_BITS", "t_JSD_BITS_SD", "t_JSD_REF", "t_JSD_ALT"),
        *("t_DELTA_GAIN_DIFF", "t_DELTA_GAIN_DIFF_SD"),
        *("t_DELTA_GAIN_REF", "t_DELTA_GAIN_ALT", "t_DELTA_GAIN_POS"),
        *("t_DELTA_LOSS_DIFF", "t_DELTA_LOSS_DIFF_SD"),
        *("t_DELTA_LOSS_REF", "t_DELTA_LOSS_ALT", "t_DELTA_LOSS_POS"),
        "STATUS",
    ]


def test_descriptions_name_formula_unit_and_shifts(make: Make) -> None:
    model = make("m", ["t"], scale="probability", statistics=["sum", "delta"])
    said = {field.key: field for field in vcf_fields([model])}
    shifts = "; shifts 20, at most 8 bp, seed 0"
    expected = {
        "t_SUM_DIFF": "t: ALT minus REF of the mean prediction, in reads",
        "t_SUM_LFC": "t: log2 of ALT over REF of the summed prediction",
        "t_DELTA_LOSS_DIFF": "t: largest REF minus ALT of a base within 50 bp of the change, in "
        "reads",
        "t_DELTA_LOSS_POS": "t: position of the score's base, from 1",
    }
    for key, text in expected.items():
        assert said[f"ZOO_m_{key}"].description == text + shifts
    assert said["ZOO_m_t_DELTA_LOSS_POS"].type == "Integer"
    assert said["ZOO_m_STATUS"].type == "String"


def test_names_that_info_keys_cannot_tell_apart(make: Make) -> None:
    with pytest.raises(
        InputError, match=r"ZOO_m_a_b_SUM_LFC.*choose one with --track, or write a t"
    ):
        vcf_fields([make("m", ["a-b", "a_b"])])
    for track in ("a-b", "a_b"):
        assert vcf_fields([make("m", [track])])
    with pytest.raises(InputError, match="ZOO_m_a_b_SUM_LFC"):
        vcf_fields([make("m_a", ["b"]), make("m", ["a_b"])])


def test_meta(make: Make) -> None:
    (line,) = meta_lines([make("m", ["t"])], {"CheckRef": "skip"})
    assert line.startswith(b'##zooctl=<ID=m,ModelVersion=1.0.0,Weights="sha256:abab')
    assert b",Assembly=hg19,Shifts=20,MaxShift=8,Seed=0,CheckRef=skip,Version=" in line
