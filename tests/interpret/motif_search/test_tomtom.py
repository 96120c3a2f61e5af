"""Tomtom's matches: a motif finds itself; q values as scipy has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.interpret.motif_search.motif_collections import read_collection
from zooctl.interpret.motif_search.tomtom import match_known, q_of


@given(st.lists(st.floats(1e-12, 1), min_size=1, max_size=30))
def test_q_values_are_those_of_scipy(p_values: list[float]) -> None:
    found = q_of(np.array(p_values))
    np.testing.assert_allclose(found, false_discovery_control(p_values, method="bh"), rtol=1e-9)


def test_a_motif_that_is_too_long() -> None:
    with pytest.raises(InputError, match="too long to be compared"):
        match_known([Motif("long", np.ones((61, 4)))], [])


@pytest.mark.slow
@pytest.mark.usefixtures("mirror")
def test_known_motifs_find_themselves_on_either_strand() -> None:
    known = read_collection("hocomoco")
    queries = known[::40]
    turned = [motif.reverse_complement() for motif in queries]
    both = match_known([*queries, *turned], known, 2)
    for place, motif in enumerate([*queries, *turned]):
        best = both[place][0]
        assert best.known == motif.name
        assert best.strand == ("+" if place < len(queries) else "-")
        assert best.p_value <= best.q_value < 1e-6


@pytest.mark.slow
def test_few_known_motifs() -> None:
    said: list[str] = []
    box = Motif("box", np.eye(4)[[0, 1, 2, 3, 3, 2, 1, 1]] * 9 + 0.25)
    found = match_known([box], [box, box.reverse_complement()], say=said.append)
    assert len(found[0]) == 2
    assert said[0] == "warning: p values of Tomtom mean little with 2 known motifs"
