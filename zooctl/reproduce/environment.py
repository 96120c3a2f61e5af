"""What software and hardware a model was made with, as two digests that can be compared.

The thread count is no part of them: it is a value of the recipe.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import sys
import sysconfig
from pathlib import Path

import zooctl

# Our own code that takes part; a change elsewhere (a command's text) changes no weights.
CODE = ("files", "sequence", "training")

Component = str | int | None | dict[str, "Component"]

# Distributions whose code takes part in making or reading weights.
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


def canonical(document: Component) -> bytes:
    """JSON with sorted keys and no spaces, as RFC 8785 has it for strings, integers and null.

    >>> canonical({"b": 1, "a": None})
    b'{"a":null,"b":1}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(document: Component) -> str:
    """Return ``sha256:`` and the digest of the canonical JSON of a part."""
    return "sha256:" + hashlib.sha256(canonical(document)).hexdigest()


def software() -> dict[str, Component]:
    """What is installed and decides the bits: interpreter, platform, libraries, our own code."""
    return {
        "schema": 1,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "abi": str(sysconfig.get_config_var("SOABI")),
        "platform": sysconfig.get_platform(),
        "libc": " ".join(platform.libc_ver()),
        "distributions": {name: _distribution(name) for name in DISTRIBUTIONS},
        "torch": {"commit": _torch("commit"), "config": _torch("config")},
        "zooctl": zooctl.__version__,
        "code": {name: tree_digest(Path(zooctl.__file__).parent / name) for name in CODE},
    }


def hardware() -> dict[str, Component]:
    """The class of processor, and the settings that make torch use more or less of it."""
    model, flags = _processor()
    return {
        "schema": 1,
        "machine": platform.machine(),
        "processor": model,
        "flags": hashlib.sha256(flags.encode()).hexdigest(),
        "torch_capability": _torch("capability"),
        "settings": {
            name: os.environ.get(name)
            for name in ("ATEN_CPU_CAPABILITY", "MKL_CBWR", "ONEDNN_MAX_CPU_ISA")
        },
    }


def tree_digest(folder: Path) -> str:
    """Digest of the Python files below a folder: their paths and bytes."""
    lines = [
        f"{path.relative_to(folder).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(folder.rglob("*.py"))
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _distribution(name: str) -> Component:
    """Version and digest of a distribution's files as its installer recorded them, or None.

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
    """A fact of the torch build, None where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    from zooctl.training.determinism import torch_facts

    return torch_facts()[fact]


def _processor() -> tuple[str, str]:
    """Model name and feature flags; empty flags where the system does not tell."""
    cpuinfo = Path("/proc/cpuinfo")
    if sys.platform != "linux" or not cpuinfo.exists():
        return platform.processor(), ""
    fields = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE))
    vendor = " ".join(
        fields.get(key, "") for key in ("vendor_id", "cpu family", "model", "model name")
    )
    return vendor, " ".join(sorted(fields.get("flags", "").split()))
