"""Optional libraries: whether they are installed, and the command that installs them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re

from zooctl.errors import InputError

EXTRAS = {
    "torch": "train",
    "sklearn": "train",
    "liftover": "train",
    "matplotlib": "plot",
    "pyarrow": "parquet",
    "h5py": "keras",
    "tensorboard": "log",
    "wandb": "log",
    "ray": "cluster",
}
"""Library, as it is imported, to the extra of zooctl that brings it."""


def is_installed(library: str) -> bool:
    """Say whether a library can be imported, without importing it."""
    return importlib.util.find_spec(library) is not None


def install_hint(library: str) -> str:
    """Return the command that installs a library and all that its extra brings.

    It names the requirements themselves, so that it works however zooctl was installed.

    >>> install_hint("h5py")
    "pip install 'h5py>=3.12'"
    """
    extra = EXTRAS[library]
    wanted = []
    for line in importlib.metadata.requires("zooctl") or ():
        requirement, _, marker = line.partition(";")
        if re.search(rf"extra == ['\"]{extra}['\"]", marker):
            wanted.append(f"'{requirement.strip()}'")
    return " ".join(["pip install", *wanted])


def need(library: str, purpose: str) -> None:
    """Refuse where an optional library is not installed.

    Args:
        library: As it is imported.
        purpose: The work that needs it, which begins the error's text.

    Raises:
        InputError: With the command that installs it.
    """
    if not is_installed(library):
        raise InputError(f"{purpose} needs {library}", hint=install_hint(library))
