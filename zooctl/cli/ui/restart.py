"""Restart of the process with environment variables that libraries read when they load."""

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
    """Raised by a command that needs other variables; ``main`` then restarts the process.

    Args:
        variables: Names and values to be set.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__("process must begin again")
        self.variables = variables

    def begin_again(self) -> NoReturn:
        """Replace this process by the same command with the variables set."""
        arguments = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, **self.variables})  # noqa: S606


def hold_portable(recipe: Recipe) -> None:
    """Restart for a portable recipe, unless this process has the variables of one.

    Raises:
        Restart: The variables are not set.
    """
    from zooctl.training.determinism.portable import PINS, in_force

    if recipe.portable and not in_force():
        raise Restart(PINS)


def hold_portable_entry(entry: Entry) -> None:
    """Restart for a model whose recipe is portable, if it can be read.

    Raises:
        Restart: The variables are not set.
    """
    with contextlib.suppress(ZooError):  # Later steps that need the recipe report its errors.
        if entry.recipe_path is not None:
            hold_portable(entry.recipe())
