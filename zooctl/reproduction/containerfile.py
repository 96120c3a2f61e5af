"""The recipe of a container image with the environment of a model."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from zooctl.errors import InputError
from zooctl.reproduction.create_environment import EnvironmentSetup

_FOLDER = "/opt/zooctl"


def containerfile(setup: EnvironmentSetup) -> str:
    """Return a Containerfile that installs the locked packages of a model and this checkout.

    It is built in the folder of the checkout. Building ends where a lock file differs from the one
    the weights were proven with, or a package from the locked one. Arguments of the build name
    further places to look for packages.

    Args:
        setup: Packages to install.

    Raises:
        InputError: zooctl was not installed from its source, so there is no checkout to copy.
    """
    if setup.package is None:
        raise InputError(
            "an image is built from a checkout, and zooctl was not installed from one",
            path=Path(__file__).parent.parent,
            hint="pip install --editable CHECKOUT",
        )
    version = ".".join(str(part) for part in sys.version_info[:2])
    locks = [lock.name for lock in setup.locks]
    digests = [hashlib.sha256(lock.read_bytes()).hexdigest() for lock in setup.locks]
    sums = " ".join(f"'{one}  {name}'" for one, name in zip(digests, locks, strict=True))
    pip = ".venv/bin/python -m pip --disable-pip-version-check --no-input install --no-cache-dir"
    steps = [
        f"python{version} -m venv .venv",
        *(f"{pip} --no-deps --require-hashes --requirement {lock}" for lock in locks),
    ]
    return "\n".join(
        [
            f"ARG BASE=docker.io/library/python:{version}-slim",
            "FROM ${BASE}",
            f"WORKDIR {_FOLDER}",
            f"COPY {' '.join(locks)} ./",
            f"RUN printf '%s\\n' {sums} | sha256sum --check --strict",
            "ARG PIP_EXTRA_INDEX_URL",
            "ARG PIP_FIND_LINKS",
            *(f"RUN {step}" for step in steps),
            "COPY . .",
            f"RUN {pip} --no-deps --no-build-isolation --editable .",
            f"ENV PATH={_FOLDER}/.venv/bin:$PATH ZOOCTL_HOME=/tmp/zooctl",
            "WORKDIR /work",
            'ENTRYPOINT ["zooctl"]',
            "",
        ]
    )
