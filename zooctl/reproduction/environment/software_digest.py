"""Software and hardware that a model was trained with, as two digests that can be compared.

The thread count is no part of them: it is a value of the recipe.

Where both digests are the same, bits *must* be the same. Where they differ, bits may still be: a
change of our own code that moves no bit changes the digest too. Only a full run proves an
environment.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import zooctl
from zooctl.errors import IntegrityError, is_installed
from zooctl.reproduction.report.canonical import digest
from zooctl.training.determinism import portable

FILE = "environment.json"

# Our own code that turns a recipe and its data into arrays, networks and steps: folders, modules.
# The rest (documents of the catalog, readers of variants and of others' weights, texts of commands,
# metrics) changes no weights: its results are compared with digests anyway.
CODE = (
    "files/bigwig",
    "files/disk",
    "files/fasta",
    "files/intervals",
    "files/motif_formats.py",
    "files/motifs.py",
    "files/weights/safetensors.py",
    "schema/fields.py",
    "schema/recipe",
    "schema/strict_yaml.py",
    "sequence",
    "training",
)
LICENCE = "LICENSE"
LOCKS = ("requirements.lock", "requirements-torch.lock")

Component = str | int | None | dict[str, "Component"]

# Distributions whose code takes part in training, exporting or reading weights.
DISTRIBUTIONS = (
    "lightning-fabric",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxscript",
    "pyBigWig",
    "pyfaidx",
    "safetensors",
    "torch",
)


@dataclass(frozen=True)
class Environment:
    """Software and hardware, each with its digest."""

    software: dict[str, Component]
    hardware: dict[str, Component]

    @property
    def software_digest(self) -> str:
        """Digest of the software."""
        return digest(self.software)

    @property
    def hardware_digest(self) -> str:
        """Digest of the class of hardware."""
        return digest(self.hardware)


class Difference(NamedTuple):
    """A component that differs between two environments."""

    field: str
    recorded: str
    found: str


def software() -> dict[str, Component]:
    """Return the software that decides the bits: interpreter, platform, libraries, our own code."""
    return {
        "schema": 1,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "abi": str(sysconfig.get_config_var("SOABI")),
        "platform": sysconfig.get_platform(),
        "libc": " ".join(platform.libc_ver()),
        "distributions": {name: _distribution(name) for name in DISTRIBUTIONS},
        "torch": {"commit": _torch("commit"), "config": _torch("config")},
        "zooctl": zooctl.__version__,
        "code": _code(),
    }


def hardware(*, portable_recipe: bool = True) -> dict[str, Component]:
    """Return the class of processor, and the settings that make torch use more or less of it.

    In a process that was started as portable, all processors with AVX2 are one class.

    Args:
        portable_recipe: False for a recipe that is not portable: its bits differ between these
            processors whatever the settings.
    """
    model, flags = _processor()
    settings: dict[str, Component] = {name: os.environ.get(name) for name in portable.PINS}
    if portable_recipe and portable.in_force() and "avx2" in flags.split():
        machine = platform.machine()
        return {"schema": 1, "machine": machine, "processor": "with AVX2", "settings": settings}
    return {
        "schema": 1,
        "machine": platform.machine(),
        "processor": model,
        "flags": hashlib.sha256(flags.encode()).hexdigest(),
        "torch_capability": _torch("capability"),
        "settings": settings,
    }


def here(*, portable_recipe: bool = True) -> Environment:
    """Return the environment of this process (see ``hardware``)."""
    return Environment(software(), hardware(portable_recipe=portable_recipe))


def read(content: bytes) -> Environment:
    """Read an environment that was recorded as ``environment.json``.

    Raises:
        IntegrityError: It is none, or its digests are not those of its parts.
    """
    try:
        document = json.loads(content)
        found = Environment(document["software"], document["hardware"])
        claimed = (document["software_digest"], document["hardware_digest"])
        made = (found.software_digest, found.hardware_digest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise IntegrityError("not a recorded environment", field=FILE) from None
    if claimed != made:
        raise IntegrityError(
            "recorded environment differs from its digests", field=FILE, got=made, expected=claimed
        )
    return found


def differences(recorded: Component, found: Component, field: str = "") -> list[Difference]:
    """Return every component that differs between two environments, by its dotted name.

    >>> old = {"python": "CPython 3.11", "torch": {"commit": "a", "config": "b"}}
    >>> differences(old, {"python": "CPython 3.12", "torch": {"commit": "a", "config": "b"}})
    [Difference(field='python', recorded='CPython 3.11', found='CPython 3.12')]
    """
    if isinstance(recorded, dict) and isinstance(found, dict):
        below = []
        for name in sorted({*recorded, *found}):
            place = f"{field}.{name}" if field else name
            below += differences(recorded.get(name), found.get(name), place)
        return below
    if recorded == found:
        return []
    return [Difference(field, _short(recorded), _short(found))]


def lines(component: dict[str, Component]) -> list[tuple[str, str]]:
    """Return the components of an environment, a row each."""
    rows = []
    for name, part in component.items():
        if isinstance(part, dict):
            rows += [(f"{name}.{field}", text) for field, text in lines(part) if text != "none"]
        else:
            rows.append((name, _short(part)))
    return rows


def _short(component: Component) -> str:
    """Return a component in a line: of a distribution, its version and the start of its digest."""
    if isinstance(component, dict):
        return ", ".join(f"{name} {_short(part)}" for name, part in component.items())
    text = "none" if component is None else str(component)
    return text[:12] if len(text) in (40, 64) and " " not in text else text


def _code() -> dict[str, Component]:
    """Return digests of our own code that takes part."""
    package = Path(zooctl.__file__).parent
    return {name: tree_digest(package / name) for name in CODE}


def tree_digest(path: Path) -> str:
    """Return the digest of a module, or of the Python files below a folder: paths and bytes."""
    modules = [path] if path.is_file() else sorted(path.rglob("*.py"))
    lines = [
        f"{module.relative_to(path).as_posix()} {hashlib.sha256(module.read_bytes()).hexdigest()}"
        for module in modules
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _distribution(name: str) -> Component:
    """Return version and digest of a distribution's files as its installer recorded them, or None.

    Scripts outside the library folder are left out, since they hold the path of the environment.
    """
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    record = found.read_text("RECORD") or ""
    rows = sorted(
        f"{path} {sha}"
        for path, sha, *_ in csv.reader(record.splitlines())
        if sha and not path.startswith("..") and ".dist-info/" not in path
    )
    return {"version": found.version, "files": hashlib.sha256("\n".join(rows).encode()).hexdigest()}


def _torch(fact: str) -> str | None:
    """Return a fact of the torch build, None where torch is not installed."""
    if not is_installed("torch"):
        return None
    from zooctl.training.determinism.determinism import torch_facts

    return torch_facts()[fact]


def processor_name() -> str:
    """Return the model of the processor, for people."""
    name = _cpuinfo().get("model name", "") or platform.processor() or platform.machine()
    return " ".join(name.split())


def _cpuinfo() -> dict[str, str]:
    """Return the fields of the last processor in Linux's list; none on other systems."""
    cpuinfo = Path("/proc/cpuinfo")
    if sys.platform != "linux" or not cpuinfo.exists():
        return {}
    return dict(re.findall(r"^([\w ]+?)\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE))


def _processor() -> tuple[str, str]:
    """Return model name and feature flags; the flags are empty where the system has no list."""
    if not (fields := _cpuinfo()):
        return platform.processor(), ""
    vendor = " ".join(
        fields.get(key, "") for key in ("vendor_id", "cpu family", "model", "model name")
    )
    return vendor, " ".join(sorted(fields.get("flags", "").split()))
