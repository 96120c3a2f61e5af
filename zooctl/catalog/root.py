"""Folders of the zoo in use, the names of its models, and data of the checkout around the user.

The zoo is the packaged one and, before it, a zoo of the user's own: the folder ``$ZOOCTL_ZOO``. A
name that both have is the user's model.

The wheel leaves ``recipes/data`` out (35 MB of sequence and signal). After ``pip install .`` a user
still stands in the checkout that has it. A folder can only pretend to be a checkout: its genome is
used if it has the bytes pinned here, its signals if they have the bytes that the recipe pins.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import zooctl
from zooctl.errors import InputError
from zooctl.files.disk.pinned import is_pinned

# Size and SHA-256 by path below recipes/data; the folder's SOURCE.txt has the same digests.
_GENOMES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "hg19": {
        "hg19_chr20_chr21/hg19.chr20.fa.gz": (
            18_335_115,
            "696504d554576654f71ccc920190493b21fe7c77423b5ae2988d832ea74ebf97",
        ),
        "hg19_chr20_chr21/hg19.chr21.fa.gz": (
            10_871_648,
            "57f80696e6ffac26d765124974ad43742f5be70a61194041a592295081c76328",
        ),
    },
}
# Bytes of a pyproject.toml that are read; ours has 7 kB.
_LONGEST_PROJECT = 1 << 20

_CARDS = "model_cards"


def packaged_root() -> Path:
    """Return the folder of the packaged entries; in a checkout of the program, the checkout."""
    package = Path(zooctl.__file__).parent
    packaged = package / "entries"
    return packaged if packaged.is_dir() else package.parent


def zoo_roots() -> tuple[Path, ...]:
    """Return the folders with ``model_cards/``, ``recipes/`` and ``zoo/``, the user's own first.

    Raises:
        InputError: ``$ZOOCTL_ZOO`` is not a zoo's folder.
    """
    packaged = packaged_root()
    own = os.environ.get("ZOOCTL_ZOO")
    if not own:
        return (packaged,)
    if not (Path(own) / _CARDS).is_dir():
        raise InputError("no zoo", path=own, hint=f"mkdir -p '{Path(own) / _CARDS}' makes it one")
    return (Path(own),) if Path(own).resolve() == packaged.resolve() else (Path(own), packaged)


def own_root() -> Path:
    """Return the folder that takes new entries: ``$ZOOCTL_ZOO``, or a checkout of the program.

    Raises:
        InputError: Neither is there; an installed package is not written to.
    """
    roots = zoo_roots()
    package = Path(zooctl.__file__).parent
    if not os.environ.get("ZOOCTL_ZOO") and roots[0] == package / "entries":
        raise InputError(
            "there is no zoo for models of your own",
            expected="a folder in ZOOCTL_ZOO; the packaged models stay in use beside it",
            hint=f'mkdir -p "$HOME/zoo/{_CARDS}"; export ZOOCTL_ZOO="$HOME/zoo"',
        )
    return roots[0]


def is_in_use(root: Path) -> bool:
    """Return whether a folder is one of the zoo's, not that of a model outside of it."""
    return root.resolve() in {one.resolve() for one in zoo_roots()}


def model_names() -> list[str]:
    """Return the names of all cards, which are the names of the models, sorted."""
    return sorted({name for root in zoo_roots() for name in _names(root)})


def hidden_names() -> list[str]:
    """Return the names of packaged models that one of the user's own stands before, sorted."""
    first, *others = zoo_roots()
    return sorted(_names(first) & {name for root in others for name in _names(root)})


def _names(root: Path) -> set[str]:
    return {path.stem for path in (root / _CARDS).glob("*.yaml")}


def embeds(assembly: str) -> bool:
    """Say whether a checkout of zooctl has a part of an assembly."""
    return assembly in _GENOMES


def checkout_data() -> Path | None:
    """Return ``recipes/data`` of the checkout that the current folder lies in, else None."""
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return None
    for folder in (here, *here.parents):
        data = folder / "recipes" / "data"
        if data.is_dir() and _is_ours(folder / "pyproject.toml"):
            return data
    return None


def checkout_genome(assembly: str) -> list[Path]:
    """Return the FASTA files of an assembly in the user's checkout; those with the pinned bytes."""
    pinned = _GENOMES.get(assembly)
    folder = checkout_data() if pinned else None
    if not pinned or folder is None:
        return []
    return [
        folder / name
        for name, (size, sha256) in pinned.items()
        if is_pinned(folder / name, size, sha256)
    ]


def _is_ours(path: Path) -> bool:
    """Say whether a file is the ``pyproject.toml`` of a project named zooctl."""
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST_PROJECT:
            return False
        project = tomllib.loads(path.read_text("utf-8")).get("project")
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(project, dict) and project.get("name") == "zooctl"
