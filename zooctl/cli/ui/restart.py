"""Beginning a process again with variables that libraries read as they load."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from zooctl.errors import ZooError

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.schema.recipe.recipe import Recipe


class Restart(Exception):
    """Raised by a command that needs other variables; ``main`` then begins the process again.

    Args:
        variables: Names and values to be set.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__("process must begin again")
        self.variables = variables

    def begin_again(self) -> NoReturn:
        """Put the same command with the variables in this process's place."""
        arguments = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, **self.variables})  # noqa: S606


def hold_portable(recipe: Recipe) -> None:
    """Begin again where a recipe is portable and this process may not give its bits.

    Raises:
        Restart: It is.
    """
    from zooctl.training.determinism.portable import PINS, in_force

    if recipe.portable and not in_force():
        raise Restart(PINS)


def hold_portable_entry(entry: Entry) -> None:
    """Do so for a model, if its recipe is there and can be read.

    Raises:
        Restart: Its recipe is portable.
    """
    with contextlib.suppress(ZooError):  # Those who need the recipe say what is wrong with it.
        if entry.recipe_path is not None:
            hold_portable(entry.recipe())
