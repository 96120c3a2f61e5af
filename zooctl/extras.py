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
    "pandas": "frame",
    "tensorboard": "log",
    "wandb": "log",
    "ray": "cluster",
}
"""Library, as it is imported, to the extra of zooctl that installs it."""

_EVALUATION = ("scikit-learn", "scipy", "threadpoolctl")
"""The part of the extra ``train`` that evaluations need: no torch."""


def is_installed(library: str) -> bool:
    """Return whether a library can be imported, without importing it."""
    return importlib.util.find_spec(library) is not None


def install_hint(library: str) -> str:
    """Return the command that installs a library and the rest of its extra.

    It names the requirements themselves, so that it works however zooctl was installed.

    >>> install_hint("h5py")
    "pip install 'h5py>=3.12'"
    >>> install_hint("sklearn")
    "pip install 'scikit-learn>=1.6' 'scipy>=1.13' 'threadpoolctl>=3.5'"
    """
    extra = EXTRAS[library]
    needed = []
    for line in importlib.metadata.requires("zooctl") or ():
        requirement, _, marker = line.partition(";")
        if not re.search(rf"extra == ['\"]{extra}['\"]", marker):
            continue
        if library != "sklearn" or requirement.startswith(_EVALUATION):
            needed.append(f"'{requirement.strip()}'")
    return " ".join(["pip install", *(needed or [library])])


def need(library: str, purpose: str) -> None:
    """Check that an optional library is installed.

    Args:
        library: Name by which it is imported.
        purpose: The work that needs it; the error's text begins with it.

    Raises:
        InputError: It is not; the hint is the command that installs it.
    """
    if not is_installed(library):
        raise InputError(f"{purpose} needs {library}", hint=install_hint(library))
