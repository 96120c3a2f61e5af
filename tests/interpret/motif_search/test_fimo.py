"""Hits and their p values, as MEME's own FIMO and as counting all sequences have them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from zooctl.files.motifs import Motif
from zooctl.interpret.motif_search.fimo import find_hits
from zooctl.sequence.onehot import Codes, encode

CORE = Motif(
    "core",
    np.array(
        [
            *([0.10, 0.70, 0.10, 0.10], [0.60, 0.05, 0.30, 0.05], [0.02, 0.02, 0.94, 0.02]),
            *([0.25, 0.40, 0.30, 0.05], [0.80, 0.02, 0.16, 0.02], [0.02, 0.01, 0.96, 0.01]),
            *([0.40, 0.02, 0.56, 0.02], [0.02, 0.02, 0.94, 0.02], [0.05, 0.02, 0.91, 0.02]),
            [0.08, 0.02, 0.86, 0.04],
        ]
    ),
)
# Of `sequence()` by FIMO of the MEME suite, through pymemesuite 0.1.0-a4: start, end, strand, score
# and p value, with equal bases in the background, a pseudocount of 0.0004 and a threshold of 0.001.
MEME = [
    (999, 1009, "-", 6.771, 0.0008049),
    (1051, 1061, "+", 15.674, 9.537e-07),
    (1110, 1120, "+", 9.708, 0.0001535),
    (1388, 1398, "+", 8.194, 0.0004091),
    (2291, 2301, "-", 11.972, 3.719e-05),
    (2451, 2461, "-", 8.014, 0.0004396),
    (3071, 3081, "+", 7.528, 0.0005274),
    (3378, 3388, "+", 6.868, 0.0007639),
    (4532, 4542, "-", 6.951, 0.0007095),
    (4674, 4684, "+", 6.611, 0.0008965),
    (4676, 4686, "+", 12.188, 3.242e-05),
    (4921, 4931, "-", 10.493, 9.632e-05),
]


def sequence() -> Codes:
    """5 kb by chance with a site of CTCF, and a gap."""
    text = "".join(np.random.default_rng(20221205).choice(list("ACGT"), 5000))
    text = text[:1000] + "CCAGCAGGGGGCGCT" + text[1000:]
    return encode((text[:300] + "N" * 50 + text[300:]).encode())


def test_hits_are_those_of_meme() -> None:
    hits = find_hits([CORE], sequence(), 1e-3)
    places = zip(hits.start.tolist(), hits.end.tolist(), hits.reverse.tolist(), strict=True)
    assert [(a, b, "-" if reverse else "+") for a, b, reverse in places] == [
        one[:3] for one in MEME
    ]
    np.testing.assert_allclose(hits.score, [one[3] for one in MEME], atol=0.02)
    np.testing.assert_allclose(hits.p_value, [one[4] for one in MEME], rtol=0.1)


def test_p_values_by_counting_all_sequences() -> None:
    weights = np.log2(CORE.probabilities() + 1e-4) + 2
    every = np.array(list(itertools.product(range(4), repeat=CORE.length)))
    scores = np.sort(weights[np.arange(CORE.length), every].sum(axis=1))
    hits = find_hits([CORE], sequence(), 1e-3)
    above = len(scores) - np.searchsorted(scores, hits.score - 1e-6)
    np.testing.assert_allclose(hits.p_value, above / len(scores), rtol=0.1)


def test_an_unknown_base_is_no_hit() -> None:
    codes = encode(b"TTTTCAGCAGAGGGTTTT")
    assert find_hits([CORE], codes, 1e-3).start.tolist() == [4]
    for at in range(4, 14):
        broken = codes.copy()
        broken[at] = 4
        assert len(find_hits([CORE], broken, 1e-3).start) == 0, at


def test_one_strand() -> None:
    both, one = (find_hits([CORE], sequence(), 1e-3, both_strands=on) for on in (True, False))
    assert one.start.tolist() == both.start[~both.reverse].tolist()


@pytest.mark.parametrize("text", [b"ACG", b"N" * 30])
def test_nothing_to_find(text: bytes) -> None:
    assert len(find_hits([CORE, CORE], encode(text), 1e-3).start) == 0


def test_two_motifs_of_one_name() -> None:
    short = Motif("core", CORE.counts[2:])
    hits = find_hits([CORE, short], encode(b"TTTTCAGCAGAGGGTTTT"), 1e-3)
    assert (hits.motif.tolist(), hits.start.tolist()) == ([0, 1], [4, 6])
