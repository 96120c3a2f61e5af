"""Manifests: canonical, complete, and digests that ignore the file format."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from zooctl.errors import InputError
from zooctl.schema.manifest import (
    contig_digest,
    digest_file,
    load_manifest,
    pin_genome,
    stamp_documents,
    tensor_digest,
    write_manifest,
)
from zooctl.sequence.onehot import encode

PATH = "zoo/toy/manifest.json"


def test_digest_by_hand() -> None:
    values = np.array([[1.0, -0.0]], dtype="<f4")
    number = [n.to_bytes(8, "little") for n in range(8)]
    content = number[1] + b"w" + number[7] + b"float32" + number[2] + number[1] + number[2]
    expected = hashlib.sha256(content + bytes.fromhex("0000803f00000080")).hexdigest()
    assert tensor_digest({"w": values}) == f"sha256:{expected}"


def test_digest_ignores_what_is_not_the_values() -> None:
    rng = np.random.default_rng(1)
    tensors = {name: rng.normal(size=(3, 4)).astype(np.float32) for name in ("b", "a", "ü")}
    tensors |= {"scalar": np.array(3, np.int64), "empty": np.zeros((0, 2), np.float16)}
    digest = tensor_digest(tensors)
    assert tensor_digest(dict(reversed(tensors.items()))) == digest
    assert tensor_digest(load(save(tensors, metadata={"any": "thing"}))) == digest
    fortran = {name: value.copy(order="F") for name, value in tensors.items()}
    assert tensor_digest(fortran) == digest
    swapped = {name: v.astype(v.dtype.newbyteorder(">")) for name, v in tensors.items()}
    assert tensor_digest(swapped) == digest


@pytest.mark.parametrize(
    "other",
    [
        {"w": np.array([0.0, 1.0], np.float32)},
        {"w": np.array([-0.0, 1.0], np.float64)},
        {"w": np.array([[-0.0, 1.0]], np.float32)},
        {"v": np.array([-0.0, 1.0], np.float32)},
        {"w": np.array([-0.0, 1.0], np.float32), "v": np.zeros(0, np.float32)},
        {"w": np.array([-0.0, 1.0], np.float32).view(np.int32)},
    ],
)
def test_digest_changes_with_the_values(other: dict[str, np.ndarray]) -> None:
    assert tensor_digest(other) != tensor_digest({"w": np.array([-0.0, 1.0], np.float32)})


def test_nan_keeps_its_bits() -> None:
    quiet, payload = (np.array([bits], np.uint32) for bits in (0x7FC00000, 0x7FC00001))
    digests = {tensor_digest({"w": bits.view(np.float32)}) for bits in (quiet, payload)}
    assert len(digests) == 2


# A busy machine is no fault of the digest.
@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1), st.integers(-(2**63), 2**63 - 1)))
def test_digest_needs_no_order_of_names(values: dict[str, int]) -> None:
    tensors = {name: np.array(value) for name, value in values.items()}
    assert tensor_digest(tensors) == tensor_digest(dict(sorted(tensors.items())))


def test_write_and_load(stocked_zoo: Path) -> None:
    manifest = load_manifest(stocked_zoo / PATH)
    assert sorted(manifest.files) == [
        "model_cards/toy.yaml",
        "recipes/toy.yaml",
        "zoo/toy/model.onnx",
    ]
    assert manifest.files["zoo/toy/model.onnx"].size == len(b"not a graph")
    card = stocked_zoo / "model_cards/toy.yaml"
    assert manifest.files["model_cards/toy.yaml"] == digest_file(card)
    assert digest_file(card).sha256 == hashlib.sha256(card.read_bytes()).hexdigest()


def test_one_manifest_has_one_form(stocked_zoo: Path) -> None:
    first = (stocked_zoo / PATH).read_bytes()
    assert first.endswith(b"}\n")
    assert json.dumps(json.loads(first), sort_keys=True, indent=2).encode() + b"\n" == first
    write_manifest(
        stocked_zoo, "toy", tensor_digest="sha256:" + "0" * 64, opset=20, exporter={"onnx": "1.21"}
    )
    assert (stocked_zoo / PATH).read_bytes() == first, "it does not pin itself"


def test_stamping_pins_documents_alone(stocked_zoo: Path) -> None:
    before = load_manifest(stocked_zoo / PATH)
    (stocked_zoo / "model_cards/toy.yaml").write_text("name: toy\n")
    (stocked_zoo / "zoo/toy/model.onnx").write_bytes(b"spoilt")
    (stocked_zoo / "recipes/toy.yaml").unlink()
    after = stamp_documents(stocked_zoo, "toy")
    assert after == load_manifest(stocked_zoo / PATH)
    card = digest_file(stocked_zoo / "model_cards/toy.yaml")
    assert after.files == {
        "model_cards/toy.yaml": card,
        "zoo/toy/model.onnx": before.files["zoo/toy/model.onnx"],
    }


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"opset": 20', '"opset": 20, "opset": 21', "not JSON"),
        ('"opset": 20', '"opset": "20"', "wrong value"),
        ('"opset": 20', '"opset": 20, "more": 1', "no such field"),
        ('"schema_version": 1', '"schema_version": 2', "not one of the accepted values"),
        ("zoo/toy/model.onnx", "zoo/other/model.onnx", "path belongs to another entry"),
        ("zoo/toy/model.onnx", "zoo/toy/../x", "wrong value"),
        ("model_cards/toy.yaml", "zoo/toy/card.yaml", "the card is missing"),
        ("{", "", "not JSON"),
    ],
)
def test_faults(stocked_zoo: Path, old: str, new: str, what: str) -> None:
    path = stocked_zoo / PATH
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_manifest(path)
    assert caught.value.what == what
    assert caught.value.path == str(path)


def test_a_contig_is_its_letters_whatever_their_case() -> None:
    letters = hashlib.sha256(b"ACGTNNA").hexdigest()
    assert contig_digest(encode(b"acGTnRA")) == f"sha256:{letters}"
    assert contig_digest(encode(b"ACGTNNC")) != f"sha256:{letters}"


def test_the_genome_stays_pinned_when_documents_are_stamped(stocked_zoo: Path) -> None:
    pinned = pin_genome(stocked_zoo, "toy", {"chr1": encode(b"ACGT")})
    assert pinned.genome == {"chr1": contig_digest(encode(b"ACGT"))}
    stamp_documents(stocked_zoo, "toy")
    assert load_manifest(stocked_zoo / PATH).genome == pinned.genome
