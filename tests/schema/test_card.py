"""Cards: what they must say, and what must agree within them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.card import Card, load_card

CARD = "model_cards/toy.yaml"


def fault(root: Path) -> ZooError:
    with pytest.raises(InputError) as caught:
        load_card(root / CARD)
    return caught.value


def test_a_card(toy_zoo: Path) -> None:
    card = load_card(toy_zoo / CARD)
    assert (card.name, card.licence, card.unknown_base) == ("toy", "MIT", 0.25)
    assert (card.geometry.n_bins, card.geometry.core_bins, card.n_tracks) == (4, 2, 2)
    assert card.track_order_rc == (1, 0)
    assert card.split is not None
    assert [str(region) for region in card.split.validation] == ["chr20:53,000,001-63,025,520"]
    assert card.split.weak, "train and validation share chr20"


def test_remarks(toy_zoo: Path) -> None:
    path = toy_zoo / CARD
    notice = "A toy; its predictions mean nothing."
    assert load_card(path).remarks == (f"preview: {notice}",)
    text = path.read_text().replace("status: preview", "experimental: It loses.")
    path.write_text(text)
    assert load_card(path).remarks == (notice, "experimental: It loses.")
    path.write_text(text.replace("experimental: It loses.", "").replace(f"notice: {notice}", ""))
    assert load_card(path).remarks == ()


def test_a_split_that_trained_on_nothing(toy_zoo: Path) -> None:
    path = toy_zoo / CARD
    head, _, rest = path.read_text().partition("split:\n")
    rest = rest.partition("seed:")[2]
    nothing = "{train: [], validation: [], test: [chr21]}"
    path.write_text(f"{head}split: {nothing}\nseed:{rest}")
    card = load_card(path)
    assert card.split is not None
    assert not card.split.train
    path.write_text(f"{head}split: null\nseed:{rest}  split: its authors do not say\n")
    assert load_card(path).split is None


def test_cards_are_frozen_through_and_through(toy_zoo: Path) -> None:
    card = load_card(toy_zoo / CARD)
    with pytest.raises(ValidationError, match="frozen"):
        card.name = "other"  # type: ignore[misc]
    assert isinstance(card.tracks, tuple)
    hash(card.tracks)


def test_a_card_survives_json(toy_zoo: Path) -> None:
    card = load_card(toy_zoo / CARD)
    assert Card.model_validate_json(card.model_dump_json()) == card


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("name: toy", "name: Toy", "name"),
        ("name: toy", "name: ../toy", "name"),
        ("name: toy", f"name: {'t' * 65}", "name"),
        ("version: 0.1.0", "version: v1", "version"),
        ("licence: MIT", "licence: GPL", "licence"),
        ("unknown_base: 0.25", "unknown_base: 0.5", "unknown_base"),
        ("bin_size: 8", "bin_size: 0", "bin_size"),
        ("bin_size: 8", "bin_size: 7", "output_length"),
        ("core_length: 16", "core_length: 24", "core_length"),
        ("output_length: 32", "output_length: 128", "output_length"),
        ("output_scale: signal", "output_scale: signals", "output_scale"),
        ("[zooctl contributors]", "[]", "authors"),
        ("size: 2199555", "size: -1", "training_data.0.size"),
        ("size: 2199555", 'size: "2199555"', "training_data.0.size"),
        ("sha256: 6d4f", "sha256: 6D4F", "training_data.1.sha256"),
        ("plus.bw", "plus bw", "training_data.0.url"),
        ("https://www.encodeproject.org/files/plus", "file:///etc/plus", "training_data.0.url"),
        (
            "https://www.encodeproject.org/files/plus",
            "https://user@host/plus",
            "training_data.0.url",
        ),
        ("end: 53000000", "end: 53000001", "split.validation.0"),
        ("test: [chr21]", "test: [chr20]", "split.test.0"),
        ("test: [chr21]", "test: [21]", "split.test.0"),
        ("{chrom: chr20, start: 0, end: 53000000}", "{chrom: chr19, start: 5}", "split.train.0"),
        ("[[plus, minus]]", "[[plus, minor]]", "strand_pairs.0"),
        ("[[plus, minus]]", "[[plus]]", "strand_pairs.0.1"),
        ("track: plus", "track: both", "metrics.1.track"),
        ("- {name: minus, ", "- {name: Plus, ", "tracks"),
        ("- id: minus", "- id: plus", "training_data"),
        ("  robustness: not measured", "  seed: forgotten", "robustness"),
        ("value: 0.51", "value: .nan", "metrics.0.value"),
        ("value: 0.51", "value: 0.51, sd: 0.1", "metrics.0"),
        ("value: 0.51", "value: 0.51, mean: 0.5, sd: 0.1, n_seeds: 1", "metrics.0.n_seeds"),
        ("notice: A toy; its predictions mean nothing.\n", "", "notice"),
        ("notice: A toy; its", 'notice: "A\\ntoy"\n#', "notice"),
        ("notice: A toy", "experimental: ''\nnotice: A toy", "experimental"),
    ],
)
def test_faults(toy_zoo: Path, old: str, new: str, field: str) -> None:
    text = (toy_zoo / CARD).read_text()
    assert old in text
    (toy_zoo / CARD).write_text(text.replace(old, new, 1))
    with pytest.raises(ZooError) as caught:
        load_card(toy_zoo / CARD)
    error = caught.value
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    assert field in [one.field for one in errors]
    assert all(isinstance(one, InputError) and one.line for one in errors)


def test_null_needs_a_reason(toy_zoo: Path, edit: object) -> None:
    path = toy_zoo / CARD
    path.write_text(path.read_text().replace("  weights: written by the test\n", ""))
    error = fault(toy_zoo)
    assert (error.field, error.what) == ("weights", "null without a reason")
    assert path.read_text().splitlines()[(error.line or 0) - 1] == "weights: null"


def test_a_reason_needs_a_null(toy_zoo: Path) -> None:
    path = toy_zoo / CARD
    path.write_text(path.read_text().replace("robustness: null", "robustness: 0.1"))
    error = fault(toy_zoo)
    assert (error.field, error.what) == (
        "unknown.robustness",
        "a reason for a field that is not null",
    )


def test_weights_must_be_somewhere(toy_zoo: Path) -> None:
    path = toy_zoo / CARD
    text = path.read_text().replace("  weights: written by the test\n", "")
    path.write_text(text.replace("weights: null", "weights: {}"))
    assert fault(toy_zoo).what == "weights have no place"
    hub = "weights: {hub: {repo: zoo/toy, revision: main}}"
    path.write_text(text.replace("weights: null", hub))
    assert fault(toy_zoo).field == "weights.hub.revision"
    path.write_text(text.replace("weights: null", hub.replace("main", "0123456789" * 4)))
    assert load_card(path).weights is not None


def test_only_external_figures_name_chromosomes(toy_zoo: Path) -> None:
    path = toy_zoo / CARD
    text = path.read_text()
    chroms = "split: {}, chroms: [chr2]"
    path.write_text(text.replace("split: test", chroms.format("test"), 1))
    assert fault(toy_zoo).what == "the split says where it was measured"
    path.write_text(text.replace("split: test", chroms.format("external"), 1))
    assert load_card(path).metrics[0].chroms == ("chr2",)


def test_every_problem_is_told_at_once(toy_zoo: Path) -> None:
    path = toy_zoo / CARD
    text = path.read_text().replace("licence: MIT", "licence: MTI")
    path.write_text(text.replace("seed: 1", "sead: 1"))
    with pytest.raises(ManyErrors) as caught:
        load_card(path)
    messages = str(caught.value).splitlines()
    assert len(messages) == 3
    assert f"{path}:6: licence: not one of the accepted values (got 'MTI')" in messages[0]
    assert "Hint: did you mean 'MIT'?" in messages[0]
    assert "seed: required field is missing" in messages[1]
    assert "sead: no such field. Hint: did you mean 'seed'?" in messages[2]


def test_the_schema_is_json_and_knows_every_field() -> None:
    schema = json.loads(json.dumps(Card.model_json_schema()))
    assert set(schema["properties"]) == set(Card.model_fields)
    assert schema["additionalProperties"] is False
    assert "MIT" in schema["properties"]["licence"]["enum"]
