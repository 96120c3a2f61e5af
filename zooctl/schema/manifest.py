"""The manifest, written by the program: pins of all files of an entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.pinned import digest_of, stream_digest
from zooctl.schema.explain import explain
from zooctl.schema.fields import Digest, FilePath, Name, Problem, Sha256, Text, Values
from zooctl.sequence.onehot import Codes, decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANIFEST = "manifest.json"
_MAX_BYTES = 1_000_000
# The limit of protobuf, and more than should be read into memory.
_MAX_FILE = 2**31 - 1


class FileDigest(Values):
    """The pin of one file: SHA-256, and size in bytes."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


class Manifest(Values):
    """The pins of an entry.

    Attributes:
        schema_version: Version of this format.
        name: Name of the entry.
        zooctl: Version of the program that exported the weights.
        opset: ONNX operator set of the graph.
        exporter: Program that wrote or changed the graph to its version.
        tensor_digest: Digest of the weights, independent of the file format (``tensor_digest``).
        files: Path below the zoo's root to digest: weights, probe, card, recipe and pictures.
        genome: Contig that training reads to its digest (``contig_digest``); None for a model that
            was not trained here.
    """

    schema_version: Literal[1]
    name: Name
    zooctl: Text
    opset: Annotated[int, Field(ge=1)]
    exporter: dict[str, Text]
    tensor_digest: Digest
    files: dict[FilePath, FileDigest]
    genome: dict[Text, Digest] | None = None

    def problems(self) -> Iterator[Problem]:
        if f"model_cards/{self.name}.yaml" not in self.files:
            yield Problem("files", "the card is missing", expected=f"model_cards/{self.name}.yaml")
        for path in self.files:
            if self.files[path].size > _MAX_FILE:
                yield Problem("files", "file is too large", path, f"up to {_MAX_FILE:,} bytes")
            if not entry_path(self.name, path):
                yield Problem("files", "path belongs to another entry", path)


def entry_path(name: str, path: str) -> bool:
    """Say whether a path below the zoo's root belongs to an entry."""
    own = (f"model_cards/{name}.yaml", f"recipes/{name}.yaml", *picture_paths(name))
    return path in own or path.startswith(f"zoo/{name}/")


def picture_paths(name: str) -> tuple[str, ...]:
    """Return the paths below the root of an entry's pictures, present or not.

    >>> picture_paths("toy")
    ('model_cards/toy.png', 'model_cards/toy.motif.png')
    """
    return f"model_cards/{name}.png", f"model_cards/{name}.motif.png"


def digest_file(path: Path) -> FileDigest:
    """Return the pin of a file as it is on disk."""
    with path.open("rb") as file:
        sha256 = stream_digest(file)
        return FileDigest(sha256=sha256, size=file.tell())


def tensor_digest(tensors: Mapping[str, NDArray[Any]]) -> str:
    """Return the digest of named tensors, independent of the file format.

    SHA-256 over the tensors sorted by name, each as: length of the name and the name (UTF-8),
    length of the dtype's name and that name, number of dimensions, each dimension, bytes in C
    order. Integers are 8 bytes, little-endian, as are the values; -0.0 and NaN keep their bits.

    >>> import numpy as np
    >>> tensor_digest({"conv.weight": np.ones((2, 3), np.float32)})[:14]
    'sha256:74f8d6b'
    """
    total = hashlib.sha256()
    for name in sorted(tensors, key=str.encode):
        values = tensors[name]
        for text in (name, values.dtype.name):
            total.update(_integer(len(text.encode())) + text.encode())
        for number in (values.ndim, *values.shape):
            total.update(_integer(number))
        total.update(values.astype(values.dtype.newbyteorder("<"), order="C").tobytes())
    return f"sha256:{total.hexdigest()}"


def contig_digest(codes: Codes) -> str:
    """Return the digest of a contig's sequence, independent of its file.

    SHA-256 over its bases as upper-case ASCII letters, with N for all but A, C, G and T.

    >>> import numpy as np
    >>> contig_digest(np.array([0, 1, 2, 3, 4], dtype=np.uint8))[:14]
    'sha256:d254552'
    """
    return f"sha256:{digest_of(decode(codes).encode('ascii'))}"


def load_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        InputError: The file is no manifest; the error names the first field at fault.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            what = "too large for a manifest"
            raise InputError(what, path=path, expected=f"up to {_MAX_BYTES:,} bytes")
        data = json.loads(content, object_pairs_hook=_no_duplicates)
        return Manifest.model_validate(data)
    except OSError as error:
        raise InputError("cannot be read", path=path, got=error.strerror) from None
    except ValidationError as error:
        fault = next(explain(error, Manifest, data))
        field = ".".join(map(str, fault.field)) or None
        raise InputError(
            fault.what, path=path, field=field, got=fault.got, expected=fault.expected
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError("not JSON", path=path, got=error) from None


def write_manifest(
    root: Path,
    name: str,
    *,
    tensor_digest: str,
    opset: int,
    exporter: Mapping[str, str],
    zooctl: str = __version__,
    absent: Mapping[str, FileDigest] | None = None,
) -> Manifest:
    """Write ``zoo/<name>/manifest.json`` with the pins of an entry's files as they are on disk.

    Args:
        root: Folder with ``model_cards/``, ``recipes/`` and ``zoo/``.
        name: The entry; its card exists, its recipe may.
        tensor_digest: Digest of the weights.
        opset: ONNX operator set of the graph.
        exporter: Program to version.
        zooctl: Version of the program that exported the weights.
        absent: Path below the root to pin, of files that are not on disk.
    """
    manifest = Manifest(
        schema_version=1,
        name=name,
        zooctl=zooctl,
        opset=opset,
        exporter=dict(exporter),
        tensor_digest=tensor_digest,
        files={
            **{path: digest_file(root / path) for path in entry_files(root, name)},
            **(absent or {}),
        },
    )
    save_manifest(manifest, root / "zoo" / name / MANIFEST)
    return manifest


def save_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest in its canonical form: sorted keys, two spaces, newline at the end."""
    text = json.dumps(manifest.model_dump(mode="json"), sort_keys=True, indent=2) + "\n"
    with atomic_output(path, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def stamp_documents(root: Path, name: str) -> Manifest:
    """Pin an entry's card, recipe and pictures anew; the pins of weights and probe stay.

    For use after one of these documents was changed on purpose.
    """
    path = root / "zoo" / name / MANIFEST
    manifest = load_manifest(path)
    files = dict(manifest.files)
    for document in (f"model_cards/{name}.yaml", f"recipes/{name}.yaml", *picture_paths(name)):
        files.pop(document, None)
        if (root / document).is_file():
            files[document] = digest_file(root / document)
    stamped = manifest.model_copy(update={"files": files})
    save_manifest(stamped, path)
    return stamped


def pin_file(root: Path, name: str, path: str) -> Manifest:
    """Pin one file of an entry's folder as it is on disk; all other pins stay.

    Args:
        root: Folder with ``zoo/``.
        name: The entry.
        path: The file, below its folder.
    """
    at = root / "zoo" / name
    manifest = load_manifest(at / MANIFEST)
    files = manifest.files | {f"zoo/{name}/{path}": digest_file(at / path)}
    pinned = manifest.model_copy(update={"files": files})
    save_manifest(pinned, at / MANIFEST)
    return pinned


def pin_genome(root: Path, name: str, codes: Mapping[str, Codes]) -> Manifest:
    """Pin the sequence of an entry's training in its manifest.

    Args:
        root: Folder with ``zoo/``.
        name: The entry.
        codes: Contig that training read to its base codes, ``(length,)``.
    """
    path = root / "zoo" / name / MANIFEST
    genome = {chrom: contig_digest(one) for chrom, one in codes.items()}
    pinned = load_manifest(path).model_copy(update={"genome": genome})
    save_manifest(pinned, path)
    return pinned


def entry_files(root: Path, name: str) -> list[str]:
    """Return the paths below the root of all files that an entry's manifest covers, sorted."""
    folder = root / "zoo" / name
    found = [f"model_cards/{name}.yaml"]
    others = (f"recipes/{name}.yaml", *picture_paths(name))
    found += [path for path in others if (root / path).is_file()]
    found += [
        path.relative_to(root).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST and not path.name.startswith(".")
    ]
    return sorted(found)


def _integer(number: int) -> bytes:
    return number.to_bytes(8, "little")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key is given twice")
    return data
