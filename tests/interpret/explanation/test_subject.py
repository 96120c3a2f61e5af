"""Windows of variants and regions, against strings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.interpret.explanation.subject import read_subject
from zooctl.sequence.onehot import Codes, decode, encode
from zooctl.sequence.windows import Geometry, gather

LETTERS = "".join(np.random.default_rng(1).choice(list("ACGT"), 3000))
LENGTHS = Geometry(512, 256, 32, 128)


class Toy:
    contigs: Mapping[str, int] = {"chr1": len(LETTERS)}

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        return gather(encode(LETTERS.encode()), np.array([start]), end - start)[0]


@pytest.mark.parametrize(("cut", "alt"), [(1, "G"), (1, "GGTTA"), (7, "C"), (3, "TTT")])
def test_windows_of_both_alleles(cut: int, alt: str) -> None:
    at = 1000
    ref = LETTERS[at : at + cut]
    alt = alt if alt[0] != ref[0] else "A" + alt[1:] if ref[0] != "A" else "C" + alt[1:]
    subject = read_subject(f"chr1:{at + 1} {ref}>{alt}", Toy(), LENGTHS)
    whole = LETTERS[:at] + alt + LETTERS[at + cut :]
    start = at - 256
    assert subject.start == start
    assert decode(subject.codes[0]) == LETTERS[start : start + 512]
    assert decode(subject.codes[1]) == whole[start : start + 512]
    assert subject.names == ("REF", "ALT")
    assert subject.middle == 256
    # The output begins at 872; 64 bp on each side of the variant touch the bins 2 to 5.
    assert subject.bins.tolist() == [[2, 6], [2, 6]]
    assert subject.span(40) == (216, 297)


def test_forms_of_a_variant() -> None:
    ref = LETTERS[1000]
    alt = "C" if ref == "A" else "A"
    wanted = read_subject(f"chr1:1001 {ref}>{alt}", Toy(), LENGTHS)
    for text in (f"chr1:1,001:{ref}:{alt}", f"chr1-1001-{ref}-{alt}", f" chr1:1001{ref}>{alt}"):
        found = read_subject(text, Toy(), LENGTHS)
        assert (found.text, found.allele) == (wanted.text, wanted.allele)
        assert (found.codes == wanted.codes).all()


@pytest.mark.parametrize("form", ["1:1001 {}>{}", "1:1001:{}:{}", "1-1001-{}-{}", "1:1,001-1,100"])
def test_a_contig_in_the_other_style(form: str) -> None:
    """What was typed is named, and the genome's name for it, which is then understood."""
    text = form.format(LETTERS[1000], "C" if LETTERS[1000] == "A" else "A")
    with pytest.raises(InputError, match="contig is not in the genome") as caught:
        read_subject(text, Toy(), LENGTHS)
    assert str(caught.value).startswith(f"{text!r}: ")
    hint = str(caught.value.hint)
    assert hint == "the genome names it chr1"
    assert read_subject(hint.split()[-1] + text[1:], Toy(), LENGTHS).chrom == "chr1"


def test_a_region() -> None:
    subject = read_subject("chr1:1,001-1,100", Toy(), LENGTHS)
    assert subject.allele is None
    assert subject.names == ("sequence",)
    assert decode(subject.codes[0]) == LETTERS[1050 - 256 : 1050 + 256]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("chr1:1,001-1,129", "too long to explain"),
        (f"chr1:1001 {'A' if LETTERS[1000] != 'A' else 'C'}>G", "REF is not the genome's"),
        ("chr9:1 A>G", "contig is not in"),
        ("chr1:x A>G", "not a variant"),
    ],
)
def test_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_subject(text, Toy(), LENGTHS)
