"""Genotypes of a record's samples, and which alleles lie on one haplotype."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from zooctl.files.vcf.records import Record

_FORMAT = 8  # its column
_CALL = re.compile(r"[/|]?(?:[0-9]+|\.)(?:[/|](?:[0-9]+|\.))*")
_MISSING = ("", ".")


class Genotype(NamedTuple):
    """The genotype of a sample.

    Attributes:
        alleles: Number of the allele on each haplotype, 0 for REF; None where it is not known.
        phase_set: Phase set; "" for the one of genotypes with ``|`` and no PS. None where the
            haplotypes are alike, so that they are in phase with all.
    """

    alleles: tuple[int | None, ...]
    phase_set: str | None


def phased_genotypes(record: Record) -> list[Genotype | None]:
    """Return the genotype of each sample, None where its haplotypes are not told apart.

    >>> line = b"1\\t5\\t.\\tA\\tC\\t.\\t.\\t.\\tGT:PS\\t0|1:7\\t0/1:.\\t1/1\\t1"
    >>> for found in phased_genotypes(Record(1, line, "1", 4, "A", ("C",))): print(found)
    Genotype(alleles=(0, 1), phase_set='7')
    None
    Genotype(alleles=(1, 1), phase_set=None)
    Genotype(alleles=(1,), phase_set=None)
    """
    columns = record.line.split(b"\t")[_FORMAT:]
    keys = columns[0].split(b":") if columns else []
    if not keys or keys[0] != b"GT":
        return [None] * max(0, len(columns) - 1)
    at = keys.index(b"PS") if b"PS" in keys else None
    found = []
    for column in columns[1:]:
        values = column.split(b":")
        phase_set = values[at] if at is not None and at < len(values) else b""
        found.append(_genotype(values[0], phase_set))
    return found


@lru_cache(maxsize=1 << 12)
def _genotype(call: bytes, phase_set: bytes) -> Genotype | None:
    text, stated = (part.decode("utf-8", "replace") for part in (call, phase_set))
    if not _CALL.fullmatch(text):
        return None
    # From VCF 4.4 on a separator before the first allele says how that is phased.
    numbers = re.split(r"[/|]", text.lstrip("/|"))
    alleles = tuple(None if number == "." else int(number) for number in numbers)
    if len(set(alleles)) == 1:
        return Genotype(alleles, None)
    if "/" in text:
        return None
    return Genotype(alleles, "" if stated in _MISSING else stated)
