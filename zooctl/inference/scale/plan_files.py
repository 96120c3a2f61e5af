"""The files of a plan, in a folder or at an address of an object store: whole or absent in both.

On a disk a file is renamed into its place. In an object store it is put there at once, which is all
that such a store promises: it has no renames, and no locks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from zooctl.errors import InputError, NetworkError, ZooError, install_hint
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.pinned import PIECE

_LIBRARIES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}
"""Scheme of an address, to the library that fsspec reaches it by."""


class PlanFiles(Protocol):
    """The files of a plan; a name may have one folder, as ``shards/00001.json``.

    Attributes:
        shown: Their place as the user named it.
        address: Their place as another process finds it.

    A file that is absent raises ``FileNotFoundError``, a store that does not answer
    ``NetworkError``.
    """

    shown: str | Path
    address: str

    def read(self, name: str) -> bytes:
        """Return the bytes of a small file."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        ...

    def size(self, name: str) -> int:
        """Return the number of bytes of a file."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted; none where the folder is absent."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file that is whole or absent at the end, and replaces one that is there."""
        ...


def is_address(path: str | Path) -> bool:
    """Say whether a place is an address, not a folder.

    >>> is_address("s3://bucket/plan"), is_address("runs/plan")
    (True, False)
    """
    return "://" in str(path)


def plan_files(path: str | Path) -> PlanFiles:
    """Return the files of a plan.

    Raises:
        InputError: The address is of a scheme that nothing here can reach.
    """
    return StoreFiles(str(path)) if is_address(path) else DiskFiles(Path(path))


class DiskFiles:
    """Files in a folder (``PlanFiles``).

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.shown: str | Path = path
        self.address = str(path.absolute())

    def read(self, name: str) -> bytes:
        """Return the bytes of a small file."""
        return (self._path / name).read_bytes()

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        with (self._path / name).open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece

    def size(self, name: str) -> int:
        """Return the number of bytes of a file."""
        return (self._path / name).stat().st_size

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder."""
        return sorted(path.name for path in (self._path / folder).glob("*"))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self._path / name).unlink(missing_ok=True)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a hidden file beside the target, which becomes the target.

        Raises:
            InputError: The disk is full.
        """
        with (
            atomic_output(self._path / name, force=True) as temporary,
            temporary.open("wb") as stream,
        ):
            yield stream


class StoreFiles:
    """Files at an address of an object store (``PlanFiles``), by fsspec.

    Args:
        address: Such as ``s3://bucket/plan``.

    Raises:
        InputError: The library of its scheme is not installed, or there is none.
    """

    def __init__(self, address: str) -> None:
        self.shown: str | Path = address.rstrip("/")
        self.address = address.rstrip("/")
        self._store, self._root = _opened(self.address)

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"

    def read(self, name: str) -> bytes:
        """Return the bytes of a small file."""
        with self._asking():
            content: bytes = self._store.cat_file(self._key(name))
        return content

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        with self._asking():
            stream = self._store.open(self._key(name), "rb")
        with stream:
            while piece := self._next(stream):
                yield piece

    def _next(self, stream: BinaryIO) -> bytes:
        with self._asking():
            return stream.read(PIECE)

    def size(self, name: str) -> int:
        """Return the number of bytes of a file."""
        with self._asking():
            return int(self._store.info(self._key(name))["size"])

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder."""
        with suppress(FileNotFoundError), self._asking():
            found = self._store.ls(self._key(folder).rstrip("/"), detail=False)
            return sorted(str(one).rstrip("/").rpartition("/")[2] for one in found)
        return []

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError), self._asking():
            self._store.rm_file(self._key(name))

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a file of this machine, which is put into the store at the end.

        Raises:
            NetworkError: The store does not take it.
        """
        with tempfile.TemporaryDirectory(prefix="zooctl-shard-") as folder:
            path = Path(folder) / "file"
            with path.open("wb") as stream:
                yield stream
            try:
                with self._asking():
                    self._store.put_file(str(path), self._key(name))
            except FileNotFoundError as error:  # the bucket itself
                raise self._fault(error) from None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Tell a store's errors of every library as one, but for a file that is absent.

        Raises:
            NetworkError: The store does not answer, or refuses.
        """
        try:
            yield
        except (FileNotFoundError, ZooError):
            raise
        except Exception as error:  # each library has classes of its own
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> NetworkError:
        said = str(error).partition("\n")[0] or type(error).__name__
        return NetworkError(
            "the object store does not answer, or refuses",
            path=self.address,
            got=said,
            hint="check the address, and the credentials in the environment",
        )


def _opened(address: str) -> tuple[Any, str]:
    """Return fsspec's file system of an address, and the path within it."""
    scheme = address.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        # What other workers write must be seen, so no listing is kept.
        store, root = url_to_fs(address, use_listings_cache=False)
    except ImportError as error:
        raise InputError(
            f"addresses of {scheme} need a library that is not installed",
            path=address,
            got=str(error),
            hint=install_hint("fsspec", _LIBRARIES[scheme]) if scheme in _LIBRARIES else None,
        ) from None
    except ValueError as error:
        raise InputError(
            "not an address of an object store",
            path=address,
            got=str(error),
            expected="such as s3://bucket/plan",
        ) from None
    if "file" in store.protocol:
        raise InputError("a plan on a disk is named by its path", path=address, expected=root)
    return store, str(root).rstrip("/")
