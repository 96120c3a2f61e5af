"""Which alleles lie on one haplotype, by the VCF specification's own examples and its corners."""

from __future__ import annotations

import pytest

from zooctl.files.vcf.fields.genotypes import Genotype, phased_genotypes
from zooctl.files.vcf.records import parse_record


def genotypes(form: str, *samples: str) -> list[Genotype | None]:
    line = "\t".join(["1", "5", ".", "A", "C,G", ".", ".", ".", form, *samples]).encode()
    return phased_genotypes(parse_record(line, 9 + len(samples), "a.vcf", 1))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("0|1", Genotype((0, 1), "")),
        ("1|0:9", Genotype((1, 0), "9")),
        ("2|1:.", Genotype((2, 1), "")),
        ("0/1", None),
        ("0/1:9", None),
        ("1/1", Genotype((1, 1), None)),
        ("1|1:9", Genotype((1, 1), None)),
        ("0/0", Genotype((0, 0), None)),
        ("1", Genotype((1,), None)),
        (".", Genotype((None,), None)),
        ("./.", Genotype((None, None), None)),
        (".|1", Genotype((None, 1), "")),
        ("0|1|2", Genotype((0, 1, 2), "")),
        ("0|1/2", None),
        ("|0|1", Genotype((0, 1), "")),
        ("x|1", None),
        ("", None),
    ],
)
def test_calls(call: str, expected: Genotype | None) -> None:
    assert genotypes("GT:PS", call) == [expected]


def test_samples_and_fields() -> None:
    found = genotypes("GT:DP:PS", "0|1:12:77", "1|0", "0/1:3")
    assert found == [Genotype((0, 1), "77"), Genotype((1, 0), ""), None]
    assert genotypes("DP:GT", "3:0|1") == [None]  # GT stands first, or nowhere
    assert phased_genotypes(parse_record(b"1\t5\t.\tA\tC\t.\t.\t.", 8, "a.vcf", 1)) == []
