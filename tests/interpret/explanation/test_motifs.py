"""Stretches that matter and sites that change, planted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.files.motifs import Motif
from zooctl.interpret.explanation.motifs import (
    SiteChange,
    as_motif,
    changed_sites,
    find_stretches,
    name_stretches,
)
from zooctl.sequence.onehot import encode

BOX = "TGACTCATCG"


def motif(name: str, letters: str) -> Motif:
    counts = np.full((len(letters), 4), 1.0)
    counts[np.arange(len(letters)), encode(letters.encode())] = 97.0
    return Motif(name, counts)


def collection(n: int = 40) -> list[Motif]:
    rng = np.random.default_rng(0)
    others = ["".join(rng.choice(list("ACGT"), 10)) for _ in range(n)]
    return [motif(f"other_{number}", text) for number, text in enumerate(others)] + [
        motif("box", BOX)
    ]


def planted(text: str) -> np.ndarray:
    return encode(f"{'CA' * 15}{text}{'AC' * 15}".encode())


def test_stretches_by_hand() -> None:
    values = np.zeros(40)
    values[5:11] = [4, 0, 0, -3, 1, 2]
    values[20:24] = 4  # four bases are too few
    values[30:36] = 0.9  # below a quarter of the largest
    assert find_stretches(values, np.zeros(40, np.uint8)) == [(5, 11)]
    assert find_stretches(values, np.zeros(40, np.uint8), largest=40) == []
    assert find_stretches(np.zeros(40), np.zeros(40, np.uint8)) == []


def test_bases_are_as_certain_as_they_matter() -> None:
    found = as_motif(encode(b"AGN"), np.array([2.0, -1.0, 0.0])).probabilities()
    np.testing.assert_allclose(
        found, [[1, 0, 0, 0], [0.125, 0.125, 0.625, 0.125], [0.25, 0.25, 0.25, 0.25]]
    )


def test_a_stretch_has_the_name_of_the_motif_it_is() -> None:
    ref, alt = planted(BOX), planted("TGACTAATCG")
    importance = np.zeros((2, len(ref)))
    importance[0, 30:40] = 1.0
    importance[1, 30:40] = 0.1
    (found,) = name_stretches(importance, np.stack([ref, alt]), collection())
    assert (found.name, found.letters, found.start, found.change) == ("box", BOX, 30, "lost")
    assert found.p_value < 1e-3
    assert found.total == pytest.approx(10)
    (back,) = name_stretches(importance[::-1], np.stack([ref, alt]), [])
    assert (back.name, back.change) == ("", "gained")
    assert np.isnan(back.p_value)


def test_sites_that_a_variant_takes_and_makes() -> None:
    ref, alt = planted(BOX), planted("TGAAAAATCG")
    at = (33, 36, 36)

    def box(one: np.ndarray, other: np.ndarray) -> SiteChange:
        (found,) = [
            site for site in changed_sites(one, other, at, collection()) if site.motif == "box"
        ]
        return found

    lost, gained = box(ref, alt), box(alt, ref)
    assert (lost.change, gained.change) == ("lost", "gained")
    assert lost.ref_score == gained.alt_score > 15
    assert np.isnan([lost.alt_score, gained.ref_score]).all()
    # One base of ten leaves a site of P below 1e-4, with fewer bits.
    weaker = box(ref, planted("TGACTAATCG"))
    assert weaker.change == "kept"
    assert weaker.alt_score < weaker.ref_score
    # A site beside a place is not changed there, nor is one in equal sequences.
    assert changed_sites(ref, ref, (5, 6, 6), collection()) == []
    assert changed_sites(ref, ref, at, collection()) == []
