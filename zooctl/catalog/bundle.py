"""Models in one file, for machines without a network: a plain tar of what the zoo holds of them.

The archive is the same bytes for the same models: sorted names, no times, no owners. Import trusts
nothing in it: names, kinds and sizes are looked at before a byte is unpacked, every file is held
against the manifest beside it, and against that of the zoo where the zoo knows the model.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import pinned_files
from zooctl.errors import InputError, IntegrityError, UnsafeError
from zooctl.schema.card import load_card
from zooctl.schema.fields import NAME_PATTERN
from zooctl.schema.manifest import MANIFEST, Manifest, load_manifest

MOST_FILES = 1_000
MOST_BYTES = 4_000_000_000
_PIECE = 2**20
_MEMBER = re.compile(
    r"(model_cards|recipes)/[a-z0-9][a-z0-9._-]{0,80}"
    r"|zoo/[a-z0-9][a-z0-9._-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,100}){1,3}"
)


def export(entries: Sequence[Entry], target: BinaryIO) -> list[str]:
    """Write models into an archive; return the names of its files.

    Args:
        entries: The models; what of them is not here is fetched.
        target: Where the archive goes.

    Raises:
        ZooError: A file is not what the manifest pins, or cannot be had.
    """
    contents: dict[str, bytes] = {}
    for entry in entries:
        assert entry.folder is not None
        contents |= pinned_files(entry)
        contents[f"zoo/{entry.name}/{MANIFEST}"] = (entry.folder / MANIFEST).read_bytes()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in sorted(contents.items()):
            # A fresh header has no time, owner or device.
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return sorted(contents)


def unpack(path: Path, folder: Path) -> list[Manifest]:
    """Unpack an archive into an empty folder and verify it; return the models' manifests.

    Raises:
        InputError: The file is no archive of models.
        UnsafeError: A member is a link or a device, has another place than models have, is there
            twice, or all are too large.
        IntegrityError: A file is missing, or differs from the manifest.
    """
    try:
        with path.open("rb") as handle:
            _members(path, handle, folder)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise InputError("no archive of models", path=path, got=error) from None
    except OSError as error:
        if error.filename is None or Path(error.filename) != path:
            raise
        raise InputError("cannot be read", path=path, got=error.strerror) from None
    manifests = [load_manifest(found) for found in sorted((folder / "zoo").glob(f"*/{MANIFEST}"))]
    if not manifests:
        raise InputError("no archive of models", path=path, expected=f"zoo/<name>/{MANIFEST}")
    pinned: set[str] = set()
    for manifest in manifests:
        pinned |= _verify(path, folder, manifest)
    for found in sorted(folder.rglob("*")):
        name = found.relative_to(folder).as_posix()
        if found.is_file() and name not in pinned:
            raise UnsafeError("no manifest knows this file of the archive", path=path, got=name)
    return manifests


def _members(path: Path, handle: BinaryIO, folder: Path) -> None:
    """Write regular files of expected names below the folder."""
    total, seen = 0, set()
    for member in _headers(handle):
        if not member.isreg() or member.issparse() or member.size < 0:
            raise UnsafeError("the archive holds more than files", path=path, got=member.name)
        if not _MEMBER.fullmatch(member.name) or ".." in member.name:
            raise UnsafeError("a file of the archive has no place here", path=path, got=member.name)
        if member.name.lower() in seen:
            raise UnsafeError("a file is twice in the archive", path=path, got=member.name)
        seen.add(member.name.lower())
        total += member.size
        if total > MOST_BYTES or len(seen) > MOST_FILES:
            raise UnsafeError(
                "the archive is too large",
                path=path,
                expected=f"at most {MOST_FILES:,} files and {MOST_BYTES:,} bytes",
            )
        target = folder / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as output:
            left = member.size
            while piece := handle.read(min(left, _PIECE)):
                output.write(piece)
                left -= len(piece)
        if left:
            raise InputError("the archive is cut off", path=path, got=member.name)
        handle.read(-member.size % tarfile.BLOCKSIZE)


def _headers(handle: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """Yield what the archive says of each member; its content must be read before the next.

    The standard library's reader would first act on headers of headers, which say how long a name
    is and are read whole, however long.

    Raises:
        tarfile.HeaderError: The file is no archive, or ends within a header.
    """
    while True:
        try:
            yield tarfile.TarInfo.frombuf(handle.read(tarfile.BLOCKSIZE), "utf-8", "replace")
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            return


def _verify(path: Path, folder: Path, manifest: Manifest) -> set[str]:
    """Return the files that a model accounts for, after comparing each with its digest."""
    name = manifest.name
    if not re.fullmatch(NAME_PATTERN, name) or not (folder / "zoo" / name / MANIFEST).is_file():
        raise UnsafeError("a manifest lies under another name", path=path, got=name)
    for file, pinned in manifest.files.items():
        here = folder / file
        if not here.is_file():
            raise IntegrityError("a file is missing in the archive", path=path, got=file)
        with here.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        if sha256 != pinned.sha256 or here.stat().st_size != pinned.size:
            raise IntegrityError(
                f"{file} of the archive differs from its manifest",
                path=path,
                got=f"sha256 {sha256}",
                expected=f"sha256 {pinned.sha256}",
            )
    load_card(folder / "model_cards" / f"{name}.yaml")
    return {*manifest.files, f"zoo/{name}/{MANIFEST}"}
