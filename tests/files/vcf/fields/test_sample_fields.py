"""FORMAT fields added to lines by hand, and replaced, and nothing else touched."""

from __future__ import annotations

import pytest

from zooctl.errors import InputError
from zooctl.files.vcf.fields.sample_fields import SampleFields
from zooctl.files.vcf.records import Header

LINE = b"1\t5\t.\tA\tC\t.\t.\tX=1\tGT:DP:GQ\t0|1:7:9\t1|1:8\t."
KEYS = ["ZOO_toy_STATUS", "ZOO_toy_plus_SUM_LFC"]


def fields(overwrite: bool = False) -> SampleFields:
    return SampleFields(KEYS, overwrite=overwrite, path="a.vcf")


def test_each_sample_gets_its_values() -> None:
    values = [[".,OK", ".,0.5"], ["OK,OK", "1,2"], ["", ""]]
    added = fields().line(LINE, 7, values)
    assert added == (
        b"1\t5\t.\tA\tC\t.\t.\tX=1\tGT:DP:GQ:ZOO_toy_STATUS:ZOO_toy_plus_SUM_LFC"
        b"\t0|1:7:9:.,OK:.,0.5\t1|1:8:.:OK,OK:1,2\t.:.:.:.:."
    )
    # Once more: refused, replaced, or taken away.
    with pytest.raises(InputError, match="haplotypes of this model already") as caught:
        fields().line(added, 7, values)
    assert str(caught.value).startswith("a.vcf:7:")
    again = fields(overwrite=True).line(added, 7, [["x", "y"], ["", ""], ["", ""]])
    assert again.split(b"\t")[9:] == [b"0|1:7:9:x:y", b"1|1:8:.:.:.", b".:.:.:.:."]
    assert fields(overwrite=True).line(added, 7, [["", ""]] * 3).split(b"\t")[8] == b"GT:DP:GQ"


def test_without_values_a_line_stays() -> None:
    assert fields().line(LINE, 7, [["", ""]] * 3) == LINE


def test_the_header() -> None:
    own = b'##FORMAT=<ID=ZOO_toy_STATUS,Number=.,Type=String,Description="x">'
    header = Header((b"##fileformat=VCFv4.3", own, b"##FORMAT=<ID=GT>"), b"#CHROM", {})
    with pytest.raises(InputError, match="VCF has scores of haplotypes"):
        fields().header(header)
    kept = fields(overwrite=True).header(header)
    assert kept.meta == (b"##fileformat=VCFv4.3", b"##FORMAT=<ID=GT>")
