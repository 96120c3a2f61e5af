"""The place of a recovered motif's target among all known ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.evaluation.data.known_motifs import known_motif, known_motifs_of_collection
from zooctl.evaluation.report.recovered_motif import RecoveredMotif
from zooctl.files.motifs import Motif, read_motifs
from zooctl.interpret.motif_recovery.motif_match import match_motif

BOX = Motif("box", np.eye(4)[[0, 1, 2, 3, 3, 2, 1, 0, 1, 1]] * 9)


def test_a_place_is_a_p_value() -> None:
    found = RecoveredMotif(BOX, BOX, match_motif(BOX, BOX), rank=2, n_known=400)
    assert found.p == pytest.approx(0.005)
    assert str(found).endswith("over 10 columns; place 2 of 400, p 0.005")
    known = found.to_json()["known"]
    assert known == {
        "name": "box",
        "similarity": pytest.approx(1),
        "offset": 0,
        "overlap": 10,
        "rank": 2,
        "of": 400,
        "p": 0.005,
    }


def test_without_a_collection_nothing_is_said() -> None:
    found = RecoveredMotif(BOX, BOX, match_motif(BOX, BOX))
    assert np.isnan(found.p)
    assert str(found).endswith("over 10 columns")
    assert "p" not in found.to_json()["known"]  # type: ignore[operator]


def test_ctcf_of_the_zoo_is_the_first_of_hocomoco(
    repo: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the motif that the entry's report has, recovered from its network."""
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    (motif,) = read_motifs(repo / "zoo/ctcf_gm12878/evaluation/motif.meme")
    similar = {
        other.name: match_motif(motif, other).similarity for other in known_motifs_of_collection()
    }
    assert len(similar) == 401
    assert max(similar, key=similar.__getitem__) == known_motif("CTCF").name
