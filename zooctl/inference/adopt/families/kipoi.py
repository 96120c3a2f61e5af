"""Models in Kipoi's form: a folder with ``model.yaml``, which is read as data.

Models of Keras have their network as data and are converted by it; networks of PyTorch are code,
which is never run, so that only the forms of ``kipoi_torch`` are known. The dataloader has to be
plain one-hot of a sequence of one length.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, get_args
from urllib.parse import urlsplit

from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.pinned import digest_of
from zooctl.inference.adopt.families.checkpoint import Weights, read_weights
from zooctl.inference.adopt.families.entry import Converted, plain, plain_names
from zooctl.inference.adopt.families.kipoi_torch import convert_torch
from zooctl.inference.adopt.interface import read_interface
from zooctl.inference.adopt.keras_file import read_bounded, read_keras
from zooctl.schema.fields import Licence
from zooctl.schema.manifest import FileDigest
from zooctl.schema.strict_yaml import load
from zooctl.sequence.windows import Geometry

MODEL = "model.yaml"
_ONE_HOT = "SeqIntervalDl"
# Other spellings of licences in model.yaml.
_LICENCES = {"Apache License v2": "Apache-2.0", "BSD 3-Clause": "BSD-3-Clause"}


class KipoiModel(NamedTuple):
    """A model of a folder in Kipoi's form.

    Attributes:
        converted: Its graph, and what its ``model.yaml`` says for the card.
        weights: Source and digest of its weights.
        licence: SPDX identifier; None if it is none that is known.
    """

    converted: Converted
    weights: Weights
    licence: str | None


def read_kipoi(folder: Path, *, scale: str | None = None) -> KipoiModel:
    """Convert a model in Kipoi's form; nothing of the folder is run.

    Files that ``model.yaml`` names by address are looked for by their name in the folder, in
    ``model_files`` and ``downloaded``, and compared with the MD5 that it states.

    Args:
        folder: With ``model.yaml``.
        scale: Scale of a predicted value; by default ``probability`` where the targets are called
            so, else ``signal``.

    Raises:
        InputError: A file or a field is missing, or the model reads more than one-hot sequence.
        IntegrityError: A file has another MD5.
        UnsafeError: A file is refused.
    """
    path = folder / MODEL
    data = load(path).data
    kind = str(data.get("defined_as") or data.get("type", "")).rpartition(".")[2].lower()
    arguments, schema = _mapping(data, "args", path), _mapping(data, "schema", path)
    length = _length(data, schema, path)
    names = _names(_mapping(schema, "targets", path), folder, path)
    weights = _file(folder, arguments, "weights", path)
    if kind in ("keras", "kerasmodel"):
        architecture = _file(folder, arguments, "arch", path) if arguments.get("arch") else None
        made = read_keras(weights, len(names), architecture=architecture, input_length=length)
        content = read_bounded(weights)
        digest = FileDigest(sha256=digest_of(content), size=len(content))
        read = Weights({}, {}, str(weights), digest)
    elif kind in ("pytorch", "pytorchmodel"):
        read = read_weights(str(weights))
        made = read_interface(convert_torch(read, length), len(names), weights)
    else:
        raise InputError(
            "not a kind of model that is data", path=path, got=kind, expected="keras or pytorch"
        )
    info = data.get("info") if isinstance(data.get("info"), dict) else {}
    assert isinstance(info, dict)
    stated = str(schema["targets"]).lower()
    scale = scale or ("probability" if "prob" in stated else "signal")
    bin_size = length // made.n_bins
    geometry = Geometry(length, bin_size * made.n_bins, bin_size, bin_size * made.n_bins)
    tracks = [{"name": name} for name in names]
    words = tuple(f"put around the graph: {change}" for change in made.changes)
    licence = _licence(str(info.get("license", "MIT")))
    return KipoiModel(
        Converted(made.model, geometry, tracks, scale, _facts(info, folder), words), read, licence
    )


def _mapping(data: Mapping[str, Any], field: str, path: Path) -> dict[str, Any]:
    found = data.get(field)
    if not isinstance(found, dict):
        raise InputError("a field is missing", path=path, field=field, expected="field: value")
    return found


def _length(data: Mapping[str, Any], schema: Mapping[str, Any], path: Path) -> int:
    """Return the bases of a window after checking that one-hot sequence is all that is read."""
    loader = data.get("default_dataloader")
    name = str(loader.get("defined_as") if isinstance(loader, dict) else loader)
    if not name.endswith(_ONE_HOT):
        raise InputError(
            "the dataloader is not plain one-hot",
            path=path,
            field="default_dataloader",
            got=name,
            expected=f"kipoiseq.dataloaders.{_ONE_HOT}",
        )
    options = (loader.get("default_args") if isinstance(loader, dict) else None) or {}
    if str(options.get("alphabet", "ACGT")) != "ACGT":
        raise InputError("another alphabet", path=path, got=options["alphabet"], expected="ACGT")
    inputs = _mapping(schema, "inputs", path)
    if "shape" not in inputs and len(inputs) == 1:
        (inputs,) = (one for one in inputs.values() if isinstance(one, dict))
    numbers = [int(one) for one in re.findall(r"\d+", str(inputs.get("shape", "")))]
    sizes = [one for one in numbers if one not in (1, 4)]
    if numbers.count(4) != 1 or len(sizes) != 1:
        raise InputError(
            "the input is no one-hot sequence of one length",
            path=path,
            field="schema.inputs.shape",
            got=inputs.get("shape"),
            expected="as (1000, 4)",
        )
    return sizes[0]


def _names(targets: Mapping[str, Any], folder: Path, path: Path) -> list[str]:
    """Return names for the tracks: the column labels, in the file or beside it, or numbers."""
    counts = [int(one) for one in re.findall(r"\d+", str(targets.get("shape", "")))]
    if not counts:
        raise InputError(
            "the targets have no shape", path=path, field="schema.targets.shape", expected="(919,)"
        )
    n = counts[-1]
    labels = targets.get("column_labels") or []
    labels = [labels] if isinstance(labels, str) else [str(one) for one in labels]
    if len(labels) == 1 != n:
        beside = _inside(folder, labels[0], path)
        text = beside.read_text("utf-8") if beside.is_file() else ""
        labels = [line.strip() for line in text.splitlines() if line.strip()]
    stem = plain(str(targets.get("name", "track"))) or "track"
    if len(labels) != n:
        labels = [stem] if n == 1 else [f"{stem}_{number}" for number in range(1, n + 1)]
    return plain_names(labels, stem)


def _file(folder: Path, arguments: Mapping[str, Any], field: str, path: Path) -> Path:
    """Return a file that ``model.yaml`` names, by path or by address."""
    stated = arguments.get(field)
    if isinstance(stated, str):
        return _inside(folder, stated, path)
    if not isinstance(stated, dict) or "url" not in stated:
        raise InputError("a file is missing", path=path, field=f"args.{field}", expected="a path")
    name = PurePosixPath(urlsplit(str(stated["url"])).path).name
    places = [folder, folder / "model_files", folder / "downloaded" / "model_files"]
    found = next((place / name for place in places if (place / name).is_file()), None)
    if found is None:
        raise InputError(
            "a file of the model is not here",
            path=path,
            field=f"args.{field}",
            got=str(stated["url"]),
            hint=f"download it to {folder / 'model_files' / name}",
        )
    if "md5" in stated:
        got = hashlib.md5(read_bounded(found), usedforsecurity=False).hexdigest()
        if got != str(stated["md5"]):
            raise IntegrityError("another file", path=found, got=got, expected=stated["md5"])
    return found


def _inside(folder: Path, name: str, path: Path) -> Path:
    """Return a path of the folder, or of those above it as Kipoi's groups of models share them."""
    found = (folder / name).resolve()
    if not found.is_relative_to(folder.resolve().parent.parent):
        raise InputError("a path leads out of the model's group", path=path, got=name)
    return found


def _licence(stated: str) -> str | None:
    known = get_args(Licence)
    return stated if stated in known else _LICENCES.get(stated)


def _facts(info: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what ``info`` says for the card."""
    doc = " ".join(str(info.get("doc", "")).split())
    name = str(info.get("name") or folder.name)
    facts: dict[str, Any] = {"title": f"{name}, of Kipoi"[:200]}
    authors = [str(one["name"]) for one in info.get("authors") or [] if "name" in one]
    if authors:
        facts["authors"] = authors
    if info.get("cite_as"):
        facts["citation"] = str(info["cite_as"])
    if doc:
        facts["intended_use"] = doc[:2_000]
    if info.get("trained_on"):
        facts["reasons"] = {"split": " ".join(str(info["trained_on"]).split())[:2_000]}
    return facts
