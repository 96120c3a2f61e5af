"""An S3 of this machine alone: moto's server, with a bucket, for a Python that has s3fs."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_clusters import wait_for

NEEDED = ("moto", "flask", "s3fs")
BUCKET = "zooctl-toy"
PUT = "import sys, s3fs; s3fs.S3FileSystem().mkdir(sys.argv[1])"


@pytest.fixture
def store_python(tmp_path: Path) -> str:
    """A Python with s3fs and moto: this one, that of ZOOCTL_S3_PYTHON, or one made for the test."""
    if all(importlib.util.find_spec(name) is not None for name in NEEDED):
        return sys.executable
    if named := os.environ.get("ZOOCTL_S3_PYTHON"):
        return named
    venv.create(tmp_path / "venv", with_pip=True, system_site_packages=False)
    python = tmp_path / "venv/bin/python"
    asked = [python, "-m", "pip", "-q", "install", "moto[server]>=5", "s3fs>=2024.10"]
    if subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("OBJECT STORE NOT TESTED: moto and s3fs are not installed, and cannot be")
    own = next(path for path in sys.path if path.endswith("site-packages"))
    (place,) = (tmp_path / "venv/lib").glob("python3*/site-packages")
    (place / "shared.pth").write_text(f"{own}\n")
    return str(python)


@pytest.fixture
def bucket(store_python: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a bucket on a running server, which the environment names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "toy",
        "AWS_SECRET_ACCESS_KEY": "toy",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    server = subprocess.Popen(
        [store_python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        assert server.poll() is None
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(answers)
        subprocess.run([store_python, "-c", PUT, BUCKET], check=True)
        yield f"s3://{BUCKET}"
    finally:
        server.terminate()
        server.wait(timeout=60)
