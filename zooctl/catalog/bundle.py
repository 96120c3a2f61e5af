"""Models in one tar archive, for machines without a network.

The same models give the same bytes: sorted names, no times, no owners. Unpacking trusts nothing in
an archive: it checks names, kinds and sizes before it writes a byte, and compares every file with
the manifest beside it, and with the manifest of the zoo where the zoo knows the model.
"""

from __future__ import annotations

import errno
import io
import os
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import pinned_files
from zooctl.errors import InputError, IntegrityError, UnsafeError
from zooctl.files.disk.atomic import work_folder
from zooctl.files.disk.pinned import PIECE, check_pinned
from zooctl.schema.card import load_card
from zooctl.schema.fields import NAME_PATTERN
from zooctl.schema.manifest import MANIFEST, Manifest, load_manifest

MOST_FILES = 1_000
MOST_BYTES = 4_000_000_000
_MEMBER = re.compile(
    r"(model_cards|recipes)/[a-z0-9][a-z0-9._-]{0,80}"
    r"|zoo/[a-z0-9][a-z0-9._-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,100}){1,3}"
)


def export(entries: Sequence[Entry], target: BinaryIO) -> list[str]:
    """Write models into an archive; return the names of its files.

    Args:
        entries: The models; their missing files are downloaded.
        target: Open file that takes the archive.

    Raises:
        ZooError: A file differs from the manifest, or is neither here nor downloadable.
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
        UnsafeError: A member is a link or a device, has a name that no model's file has, is there
            twice, or all are too large.
        IntegrityError: A file is missing, or differs from the manifest.
    """
    try:
        with path.open("rb") as handle:
            _write_members(path, handle, folder)
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


def unpack_as_zoo(path: Path, into: Path) -> list[Manifest]:
    """Unpack an archive into a new folder, which appears whole or not at all (see ``unpack``).

    Of several processes that make one folder at once, the first wins.

    Raises:
        InputError: The folder exists, or another process has made it meanwhile.
    """
    if os.path.lexists(into):
        raise InputError("the folder exists", path=into, hint="name a new one")
    if not into.parent.is_dir():
        raise InputError("no such folder", path=into.parent)
    with work_folder(into.parent) as work:
        # A folder of its own inside: what becomes the user's has the permissions of any new one.
        folder = work / "zoo"
        folder.mkdir()
        manifests = unpack(path, folder)
        try:
            folder.rename(into)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise InputError(
                "another process has just made the folder", path=into, hint="name a new one"
            ) from None
    return manifests


def _write_members(path: Path, handle: BinaryIO, folder: Path) -> None:
    """Write the members below a folder; all must be regular files of expected names."""
    total = 0
    seen: set[str] = set()
    folders: set[str] = set()
    for member in _headers(handle):
        if not member.isreg() or member.issparse() or member.size < 0:
            raise UnsafeError("the archive holds more than files", path=path, got=member.name)
        if not _MEMBER.fullmatch(member.name) or ".." in member.name:
            raise UnsafeError("a file of the archive has no place here", path=path, got=member.name)
        if member.name.lower() in seen:
            raise UnsafeError("a file is twice in the archive", path=path, got=member.name)
        seen.add(member.name.lower())
        # A file of a name that is a folder elsewhere, or the other way round.
        above = _above(member.name.lower())
        if member.name.lower() in folders or seen.intersection(above):
            raise UnsafeError("a file and a folder have one name", path=path, got=member.name)
        folders.update(above)
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
            while piece := handle.read(min(left, PIECE)):
                output.write(piece)
                left -= len(piece)
        if left:
            raise InputError("the archive is cut off", path=path, got=member.name)
        handle.read(-member.size % tarfile.BLOCKSIZE)


def _above(name: str) -> list[str]:
    """Return the folders above a member.

    >>> _above("zoo/toy/model.onnx")
    ['zoo', 'zoo/toy']
    """
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _headers(handle: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """Yield the header of each member; read the member's content before the next header.

    ``tarfile.open`` would also act on extension headers, which state the length of a name and are
    read whole, at any length.

    Raises:
        tarfile.HeaderError: The file is no archive, or ends within a header.
    """
    while True:
        try:
            yield tarfile.TarInfo.frombuf(handle.read(tarfile.BLOCKSIZE), "utf-8", "replace")
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            return


def _verify(path: Path, folder: Path, manifest: Manifest) -> set[str]:
    """Return the files of a model's manifest, and itself, after comparing each with its pin."""
    name = manifest.name
    if not re.fullmatch(NAME_PATTERN, name) or not (folder / "zoo" / name / MANIFEST).is_file():
        raise UnsafeError("a manifest lies under another name", path=path, got=name)
    for file, pinned in manifest.files.items():
        here = folder / file
        if not here.is_file():
            raise IntegrityError("a file is missing in the archive", path=path, got=file)
        try:
            check_pinned(here, pinned.size, pinned.sha256, subject=f"{file} of the archive")
        except IntegrityError as error:
            error.path = str(path)  # the unpacked file is temporary
            raise
    load_card(folder / "model_cards" / f"{name}.yaml")
    return {*manifest.files, f"zoo/{name}/{MANIFEST}"}
