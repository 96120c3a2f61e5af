"""Two processes never work in one folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.disk.lock import hold

HOLD = """
import sys, time
from pathlib import Path
from zooctl.files.disk.lock import hold
with hold(Path(sys.argv[1]), "busy"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="busy") as caught, hold(tmp_path, "busy"):
            pass
        assert caught.value.path == str(tmp_path)
        other.kill()
    with hold(tmp_path, "busy"), pytest.raises(InputError), hold(tmp_path, "busy"):
        pass
