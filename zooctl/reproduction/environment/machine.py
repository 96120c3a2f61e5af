"""The machine of a run, told so that a reader can plan one: criterion S2."""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from zooctl.errors import InputError
from zooctl.reproduction.environment.software_digest import processor_name
from zooctl.reproduction.report.rows import Machine, RunDetails, StageRecord


def measure_machine(disk_bytes: int) -> Machine:
    """Measure this process and its machine.

    Args:
        disk_bytes: Size of the work folder; 0 where there is none.
    """
    own, below = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    seconds = sum(one.ru_utime + one.ru_stime for one in (own, below))
    scale = 1 if sys.platform == "darwin" else 1024
    return Machine(
        system=f"{platform.system()} {platform.machine()}, {platform.libc_ver()[0]} "
        f"{platform.libc_ver()[1]}, Python {platform.python_version()}",
        os_release=_os_release(),
        processor=processor_name(),
        processors=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        cpu_seconds=round(seconds, 1),
        peak_memory_bytes=max(own.ru_maxrss, below.ru_maxrss) * scale,
        disk_bytes=disk_bytes,
    )


def _os_release() -> str:
    """Name and version of the operating system, for people."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = ""
    return name or f"{platform.system()} {platform.release()}"


def container_image() -> str | None:
    """Return the digest of the container image that this process runs in, as its variable says.

    An image cannot hold its own digest, so whoever starts a container passes it on.

    Raises:
        InputError: ZOOCTL_IMAGE is no digest.
    """
    digest = os.environ.get("ZOOCTL_IMAGE")
    if digest is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise InputError("ZOOCTL_IMAGE is no digest", got=digest, expected="sha256: and 64 digits")
    return digest


def folder_bytes(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def run_details(machine: Machine, seconds: float, stages: Iterable[StageRecord]) -> dict[str, Any]:
    """Return the details of a full run as they are recorded: its machine, time and steps."""
    return machine.model_dump() | {
        "seconds": seconds,
        "steps": [stage.name for stage in stages],
    }


def missing_details(document: Mapping[str, Any]) -> list[str]:
    """Return the details that S2 asks for and a document lacks, or has in another form.

    >>> missing_details({"mood": "good", "processors": 0})[:3]
    ['system', 'os_release', 'processor']
    """
    try:
        read_details(document)
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors()}
        return [name for name in RunDetails.model_fields if name in wrong]
    return []


def read_details(document: Mapping[str, Any]) -> RunDetails:
    """Return recorded details of a run; other fields of the document are left out.

    Raises:
        ValidationError: Not all are there (``missing_details`` names them).
    """
    told = {name: document[name] for name in RunDetails.model_fields if name in document}
    return RunDetails.model_validate_json(json.dumps(told))
