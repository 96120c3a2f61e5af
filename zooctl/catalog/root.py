"""Folder of the zoo in use, the names of its models, and data of the checkout around the user.

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


def zoo_root() -> Path:
    """Return the folder with ``model_cards/``, ``recipes/`` and ``zoo/``.

    ``$ZOOCTL_ZOO`` if set; else the packaged entries; else the checkout of the program.

    Raises:
        InputError: ``$ZOOCTL_ZOO`` is not a zoo's folder.
    """
    if own := os.environ.get("ZOOCTL_ZOO"):
        if not (Path(own) / "model_cards").is_dir():
            raise InputError("no zoo", path=own, hint="ZOOCTL_ZOO is a folder with model_cards/")
        return Path(own)
    package = Path(zooctl.__file__).parent
    packaged = package / "entries"
    return packaged if packaged.is_dir() else package.parent


def model_names() -> list[str]:
    """Return the names of all cards, which are the names of the models, sorted."""
    return sorted(path.stem for path in (zoo_root() / "model_cards").glob("*.yaml"))


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
