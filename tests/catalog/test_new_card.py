"""Cards of adopted models: everything that is known, and nothing made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.catalog.check import unwritten_fields
from zooctl.catalog.new_card import card_fields, card_text, collection_of, pwm_fields
from zooctl.schema.card import Card
from zooctl.schema.manifest import FileDigest
from zooctl.schema.strict_yaml import loads, parse
from zooctl.sequence.windows import Geometry

GEOMETRY = Geometry(64, 32, 8, 16)
FILE = FileDigest(sha256="ab" * 32, size=12)


def read(fields: dict[str, object]) -> Card:
    return parse(Card, loads(card_text(fields, {"model.onnx": FILE}), Path("card.yaml")))


def test_facts_make_a_card() -> None:
    fields = card_fields(
        name="mine",
        licence="MIT",
        assembly="hg38",
        geometry=GEOMETRY,
        unknown_base=0.25,
        tracks=[{"name": "plus"}, {"name": "minus", "target": None}],
        output_scale="log",
    )
    card = read(fields)
    assert (card.geometry, card.n_tracks, card.output_scale) == (GEOMETRY, 2, "log")
    assert card.weights is not None
    assert [(file.path, file.size) for file in card.weights.files] == [("model.onnx", 12)]
    missing = set(unwritten_fields(fields))
    assert {"tracks.0.target", "licence", "seed"} & missing == {"tracks.0.target"}


@pytest.mark.parametrize(
    ("motif", "title", "accession", "licence"),
    [
        ("MA0139.1", "JASPAR", "MA0139.1", "CC-BY-4.0"),
        ("MA0139.1_MA0139.1.CTCF", "JASPAR", "MA0139.1", "CC-BY-4.0"),
        (
            "CTCF_HUMAN.H11MO.0.A",
            "HOCOMOCO",
            "CTCF_HUMAN.H11MO.0.A",
            "LicenseRef-free-with-citation",
        ),
    ],
)
def test_known_collections(motif: str, title: str, accession: str, licence: str) -> None:
    found = collection_of(motif)
    assert found is not None
    assert (found[0].title, found[1], found[0].licence) == (title, accession, licence)


@pytest.mark.parametrize("motif", ["CTCF", "MA139.1", "UN0108.1", "CTCF_HUMAN.H99XX.0.A"])
def test_others_are_not_taken_for_them(motif: str) -> None:
    assert collection_of(motif) is None


def pwm_card(motif: str) -> tuple[Card, set[str]]:
    fields = pwm_fields(
        motif,
        name="pwm",
        target="CTCF",
        licence="CC-BY-4.0",
        assembly="hg38",
        geometry=GEOMETRY,
        file=("motifs.pfm", FILE),
    )
    return read(fields), set(unwritten_fields(fields))


def test_a_scan_is_known_through_and_through() -> None:
    card, missing = pwm_card("MA0139.1")
    assert missing == set()
    assert (card.tracks[0].name, card.tracks[0].target) == ("CTCF", "CTCF")
    assert (card.training_data[0].accession, card.training_data[0].sha256) == (
        "MA0139.1",
        FILE.sha256,
    )
    assert card.split is not None
    assert not card.split.train


def test_a_scan_of_nobody_knows_what() -> None:
    card, missing = pwm_card("my::motif")
    assert missing == {"authors.0", "unknown.citation"}
    assert card.training_data[0].accession is None
