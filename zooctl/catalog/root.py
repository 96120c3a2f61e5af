"""Folder of the zoo in use, and the names of its models."""

from __future__ import annotations

import os
from pathlib import Path

import zooctl
from zooctl.errors import InputError


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
