"""Folders of the zoo in use, and the names of its models.

The zoo is the packaged one and, before it, a zoo of the user's own: the folder ``$ZOOCTL_ZOO``. A
name that both have is the user's model.
"""

from __future__ import annotations

import os
from pathlib import Path

import zooctl
from zooctl.errors import InputError

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
