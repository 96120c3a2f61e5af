"""Whatever disagrees among documents and files is found, all of it, with file and field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.catalog import registry
from zooctl.catalog.check import check_documents, check_orphans
from zooctl.errors import VerificationError
from zooctl.schema.manifest import digest_file, stamp_documents

Edit = Callable[[str, str, str], None]
CARD, RECIPE = "model_cards/toy.yaml", "recipes/toy.yaml"


def found(root: Path) -> list[tuple[str, str | None, str]]:
    """(file below the root, field, what) of every error."""
    errors = check_documents(registry.entry("toy"))
    assert all(isinstance(error, VerificationError) and error.path for error in errors)
    return [(str(Path(e.path or "").relative_to(root)), e.field, e.what) for e in errors]


@pytest.fixture
def sound_zoo(stocked_zoo: Path, edit: Edit) -> Path:
    """The stocked zoo with a card that names its weights."""
    sha256 = digest_file(stocked_zoo / "zoo/toy/model.onnx").sha256
    edit(CARD, "  weights: written by the test\n", "")
    weights = f"weights: {{files: [{{path: model.onnx, sha256: {sha256}, size: 11}}]}}"
    edit(CARD, "weights: null", weights)
    stamp_documents(stocked_zoo, "toy")
    assert found(stocked_zoo) == []
    return stocked_zoo


def test_documents_without_weights_agree(toy_zoo: Path) -> None:
    assert found(toy_zoo) == []


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("assembly: hg19", "assembly: hg38", "assembly"),
        ("assembly: hg19", "assembly: hg38\ntrained_on: mm10", "trained_on"),
        ("core_length: 16", "core_length: 32", "core_length"),
        ("unknown_base: 0.25", "unknown_base: 0", "unknown_base"),
        ("seed: 1", "seed: 2", "seed"),
        ("end: 53000000", "end: 52000000", "split.train"),
        ("test: [chr21]", "test: [chr22]", "split.test"),
        ("size: 2199555", "size: 2199556", "training_data.0.size"),
        ("sha256: 6d4fc", "sha256: 7d4fc", "training_data.1.sha256"),
    ],
)
def test_card_against_recipe(toy_zoo: Path, edit: Edit, old: str, new: str, field: str) -> None:
    edit(CARD, old, new)
    assert found(toy_zoo) == [(CARD, field, "differs from the recipe")]


def test_lines_are_named(toy_zoo: Path, edit: Edit) -> None:
    edit(CARD, "seed: 1", "seed: 2")
    (error,) = check_documents(registry.entry("toy"))
    assert error.line is not None
    assert (toy_zoo / CARD).read_text().splitlines()[error.line - 1] == "seed: 2"
    assert (error.got, error.expected) == (2, 1)


def test_data_that_only_one_of_both_names(toy_zoo: Path, edit: Edit) -> None:
    edit(CARD, "- id: minus", "- id: other")
    assert found(toy_zoo) == [
        (CARD, "training_data", "lacks a source of the recipe"),
        (CARD, "training_data.1.id", "is no source of the recipe"),
    ]


def test_order_of_tracks(toy_zoo: Path, edit: Edit) -> None:
    edit(CARD, "{name: plus", "{name: swap")
    edit(CARD, "{name: minus", "{name: plus")
    edit(CARD, "{name: swap", "{name: minus")
    assert found(toy_zoo) == [(CARD, "tracks", "differs from the recipe")]


def test_facts_of_tracks(toy_zoo: Path, edit: Edit) -> None:
    facts = (
        "assembly: hg19\n    assay: RNA-seq\n    target: CTCF\n    biosample: K562\n  - id: minus"
    )
    edit(RECIPE, "assembly: hg19\n  - id: minus", facts)
    assert found(toy_zoo) == [
        (CARD, "tracks.0.target", "differs from the recipe"),
        (CARD, "tracks.0.biosample", "differs from the recipe"),
    ]


def test_a_track_of_several_cell_types_is_of_none(toy_zoo: Path, edit: Edit) -> None:
    """Sample b takes the other source, so both agree on the target and not on the biosample."""
    one, other = (f"assembly: hg19\n    target: CTCF\n    biosample: {cell}" for cell in "ab")
    edit(RECIPE, "assembly: hg19\n  - id: minus", f"{one}\n  - id: minus")
    edit(RECIPE, "assembly: hg19\ngenome", f"{other}\ngenome")
    edit(
        RECIPE,
        "seed: 1\n",
        "seed: 1\nsamples: [{name: a}, {name: b, sources: {plus: minus, minus: plus}}]\n",
    )
    assert found(toy_zoo) == [
        (CARD, "tracks.0.target", "differs from the recipe"),
        (CARD, "tracks.1.target", "differs from the recipe"),
    ]


def test_the_transform_of_the_target(toy_zoo: Path, edit: Edit) -> None:
    edit(CARD, "output_transform: none", "output_transform: arcsinh")
    assert found(toy_zoo) == [(CARD, "output_transform", "differs from the recipe")]


def test_names_tie(toy_zoo: Path) -> None:
    for document in (CARD, RECIPE):
        (toy_zoo / document).write_text(
            (toy_zoo / document).read_text().replace("name: toy", "name: tiger")
        )
    assert found(toy_zoo) == [
        (CARD, "name", "not the file's name"),
        (RECIPE, "name", "not the file's name"),
    ]


def test_unreadable_documents_are_all_told(toy_zoo: Path, edit: Edit) -> None:
    edit(CARD, "licence: MIT", "licence: MTI")
    edit(RECIPE, "batch_size: 4", "batch_size: 0")
    edit(RECIPE, "seed: 1", "sead: 1")
    assert [field for _, field, _ in found(toy_zoo)] == ["licence", "batch_size", "seed", "sead"]


def test_edited_documents_differ_until_stamped(sound_zoo: Path, edit: Edit) -> None:
    edit(CARD, "title: Strand", "title: A strand")
    edit(RECIPE, "Nobody 2025\n    assembly: hg19\ngenome", "Nobody\n    assembly: hg19\ngenome")
    assert found(sound_zoo) == [
        (CARD, None, "bytes differ from the manifest"),
        (RECIPE, None, "bytes differ from the manifest"),
    ]
    stamp_documents(sound_zoo, "toy")
    assert found(sound_zoo) == []


def test_pictures_are_pinned(sound_zoo: Path) -> None:
    picture = sound_zoo / "model_cards/toy.motif.png"
    picture.write_bytes(b"a picture")
    assert found(sound_zoo) == [("model_cards/toy.motif.png", None, "not in the manifest")]
    stamp_documents(sound_zoo, "toy")
    assert found(sound_zoo) == []
    picture.write_bytes(b"another")
    (error,) = check_documents(registry.entry("toy"))
    assert (error.what, error.hint) == (
        "bytes differ from the manifest",
        "zooctl check --stamp toy, if the edit was meant",
    )
    picture.unlink()
    assert found(sound_zoo) == [("model_cards/toy.motif.png", None, "file is missing")]


def test_evaluated_by_the_recipe_of_another_entry(toy_zoo: Path, edit: Edit) -> None:
    edit(CARD, "seed: 1", "evaluated_on: tiger\nseed: 1")
    assert found(toy_zoo) == [
        (CARD, "evaluated_on", "the model has a recipe of its own"),
        (CARD, "evaluated_on", "no such recipe"),
    ]
    (toy_zoo / RECIPE).rename(toy_zoo / "recipes/tiger.yaml")
    assert found(toy_zoo) == []


def test_spoilt_missing_and_extra_files(sound_zoo: Path) -> None:
    folder = sound_zoo / "zoo" / "toy"
    (folder / "model.onnx").write_bytes(b"not a graqh")
    (folder / "notes.txt").write_text("x")
    assert found(sound_zoo) == [
        ("zoo/toy/model.onnx", None, "bytes differ from the manifest"),
        ("zoo/toy/notes.txt", None, "not in the manifest"),
    ]
    (folder / "model.onnx").unlink()
    (folder / "notes.txt").unlink()
    assert found(sound_zoo) == [("zoo/toy/model.onnx", None, "file is missing")]


def test_weights_on_the_hub_may_be_elsewhere(sound_zoo: Path, edit: Edit) -> None:
    edit(CARD, "weights: {files", f"weights: {{hub: {{repo: a/b, revision: {'0' * 40}}}, files")
    stamp_documents(sound_zoo, "toy")
    (sound_zoo / "zoo/toy/model.onnx").unlink()
    assert found(sound_zoo) == []


def test_card_against_manifest(sound_zoo: Path, edit: Edit) -> None:
    edit(CARD, "size: 11", "size: 12")
    stamp_documents(sound_zoo, "toy")
    assert found(sound_zoo) == [(CARD, "weights.files.0.size", "differs from the manifest")]
    edit(CARD, "path: model.onnx", "path: modle.onnx")
    stamp_documents(sound_zoo, "toy")
    assert found(sound_zoo) == [(CARD, "weights.files.0.path", "not in the manifest")]


def test_weights_that_only_one_side_knows(stocked_zoo: Path, edit: Edit) -> None:
    assert found(stocked_zoo) == [(CARD, "weights", "card knows of no weights")]
    (stocked_zoo / "zoo/toy/manifest.json").unlink()
    edit(CARD, "  weights: written by the test\n", "")
    edit(CARD, "weights: null", f"weights: {{hub: {{repo: a/b, revision: {'0' * 40}}}}}")
    assert found(stocked_zoo) == [(CARD, "weights", "weights have no manifest")]


def test_a_broken_manifest(sound_zoo: Path) -> None:
    (sound_zoo / "zoo/toy/manifest.json").write_text("{}")
    assert found(sound_zoo)[0] == (
        "zoo/toy/manifest.json",
        "schema_version",
        "required field is missing",
    )


def test_large_entries_stay_out_of_the_repository(sound_zoo: Path) -> None:
    with (sound_zoo / "zoo/toy/model.onnx").open("wb") as file:
        file.truncate(10_000_001)
    whats = [what for _, _, what in found(sound_zoo)]
    assert "entry is too large for the repository" in whats


def test_orphans(sound_zoo: Path) -> None:
    assert check_orphans(sound_zoo) == []
    (sound_zoo / CARD).rename(sound_zoo / "model_cards/toys.yaml")
    (sound_zoo / "model_cards/toy.motif.png").write_bytes(b"a picture")
    (sound_zoo / "model_cards/toys.png").write_bytes(b"a picture")
    errors = check_orphans(sound_zoo)
    assert [Path(error.path or "").name for error in errors] == [
        "toy.yaml",
        "toy",
        "toy.motif.png",
    ]
    assert {error.hint for error in errors} == {"did you mean 'toys'?"}
