"""New entries become visible whole: they are written beside the zoo's folders and moved there.

A work folder ``.adopt-…`` in the zoo's root holds the new card and the new folder. When both are
complete, a file ``complete`` is put beside them, and they are moved. The next adoption finishes
the moves of a killed one that was complete, and removes the work folders of all others.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.lock import hold, locked
from zooctl.schema.fields import NAME_PATTERN
from zooctl.schema.manifest import MANIFEST, picture_paths

_WORK = ".adopt-"
_COMPLETE = "complete"


def refuse_existing(root: Path, name: str, *, force: bool, what: str = "there is") -> None:
    """Refuse a name that the zoo has already.

    A folder without a card is an entry only if its files are nobody's leftovers: without its
    manifest it is none.

    Raises:
        InputError: There is such an entry, and ``force`` is not given.
    """
    card, folder = root / "model_cards" / f"{name}.yaml", root / "zoo" / name
    if not force and (card.exists() or (folder.exists() and any(folder.iterdir()))):
        path = card if card.exists() else folder
        raise InputError(f"{what} such a model already", path=path, hint="--force replaces it")


@contextmanager
def staged(root: Path, name: str, *, force: bool) -> Iterator[Path]:
    """Yield a work folder in the layout of a zoo; its card and folder become the entry at the end.

    Recipe and pictures of an entry that is replaced are in it. If the block raises, nothing
    changes. Of several that add one name at once, the first wins.

    Args:
        root: The zoo.
        name: The entry.
        force: Replace an entry that is there.

    Raises:
        InputError: There is such an entry by now, or the zoo cannot be written.
    """
    with ExitStack() as stack:
        with _locked(root):
            _recover(root)
            work = _work_folder(root, name)
            stack.callback(shutil.rmtree, work, ignore_errors=True)
            stack.enter_context(hold(work, "another process adopts a model"))
        for path in (f"recipes/{name}.yaml", *picture_paths(name)):
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            if (root / path).is_file():
                shutil.copyfile(root / path, work / path)
        (work / "zoo" / name).mkdir(parents=True)
        yield work
        with _locked(root):
            refuse_existing(root, name, force=force, what="another process has just written")
            (work / _COMPLETE).write_text(name, "utf-8")
            _sync(work)
            _publish(root, work, name)


def _work_folder(root: Path, name: str) -> Path:
    """Create and return a folder of this user alone, of an unpredictable name."""
    try:
        return Path(tempfile.mkdtemp(prefix=f"{_WORK}{name[:64]}-", dir=root))
    except OSError as error:
        raise _not_writable(root, error) from None


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    try:
        with locked(root / "adopt"):
            yield
    except OSError as error:
        raise _not_writable(root, error) from None


def _not_writable(root: Path, error: OSError) -> InputError:
    return InputError("the zoo cannot be written", path=root, got=os.strerror(error.errno or 0))


def _publish(root: Path, work: Path, name: str) -> None:
    """Move a complete entry to its place; each step can be repeated after a kill.

    The folder goes first: the card makes it a model of the zoo.
    """
    folder, card = work / "zoo" / name, work / "model_cards" / f"{name}.yaml"
    target = root / "zoo" / name
    if (folder / MANIFEST).is_file():
        target.parent.mkdir(exist_ok=True)
        if target.exists():
            target.rename(work / f"old-{os.getpid()}")
        folder.rename(target)
        _sync(target.parent)
    if card.is_file():
        card.replace(root / "model_cards" / card.name)
        _sync(root / "model_cards")


def _recover(root: Path) -> None:
    """Finish or remove the work of killed adoptions; that of living ones is held."""
    for work in sorted(root.glob(f"{_WORK}*")):
        ours = not hasattr(os, "getuid") or work.lstat().st_uid == os.getuid()
        if work.is_symlink() or not work.is_dir() or not ours:
            continue
        with contextlib.suppress(InputError), hold(work, "in use"):
            with contextlib.suppress(OSError):
                _publish(root, work, (work / _COMPLETE).read_text("utf-8"))
            shutil.rmtree(work, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Make the names in a folder outlast a power loss, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_entry(root: Path, name: str) -> list[Path]:
    """Remove an entry from a zoo, the card first, and return what was removed.

    Args:
        root: The zoo.
        name: The entry.

    Raises:
        InputError: There is no such entry, or the zoo cannot be written.
    """
    card = root / "model_cards" / f"{name}.yaml"
    if not re.fullmatch(NAME_PATTERN, name) or not card.is_file():
        raise InputError("no such model in your own zoo", path=root, got=name)
    others = [root / path for path in (f"recipes/{name}.yaml", *picture_paths(name))]
    with _locked(root):
        removed = [path for path in (card, *others) if path.is_file()]
        for path in removed:
            path.unlink()
        folder = root / "zoo" / name
        if folder.is_dir():
            shutil.rmtree(folder)
            removed.append(folder)
    return removed
