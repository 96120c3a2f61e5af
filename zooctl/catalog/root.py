"""Folder of the zoo in use, and the names in it."""

from __future__ import annotations

import os
from pathlib import Path

import zooctl
from zooctl.errors import InputError


def zoo_root() -> Path:
    """Return the folder with ``model_cards/``, ``recipes/`` and ``zoo/``.

    ``$ZOOCTL_ZOO`` if set; else what is packaged with the program; else the checkout it runs from.

    Raises:
        InputError: ``$ZOOCTL_ZOO`` is no such folder.
    """
    if own := os.environ.get("ZOOCTL_ZOO"):
        if not (Path(own) / "model_cards").is_dir():
            raise InputError("no zoo", path=own, hint="ZOOCTL_ZOO is a folder with model_cards/")
        return Path(own)
    package = Path(zooctl.__file__).parent
    packaged = package / "entries"
    return packaged if packaged.is_dir() else package.parent


def model_names() -> list[str]:
    """Return the names of all models, sorted; a model is there if its card is."""
    return sorted(path.stem for path in (zoo_root() / "model_cards").glob("*.yaml"))
