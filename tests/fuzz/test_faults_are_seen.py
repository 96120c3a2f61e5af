"""The fuzzer sees what it is for: crashes, hangs, memory, leftovers, lost records, tracebacks."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from fuzz.run import ALONE

# What `zooctl` is replaced by, and what is to be said of it.
FAULTS = {
    "raise ValueError('x')": "raised Traceback",
    "import traceback\ntry: 1 / 0\nexcept ZeroDivisionError: traceback.print_exc()\nreturn 2": (
        "traceback, exit 2"
    ),
    "return 1": "exit 1",
    "return 2": "exit 2 without an error",
    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)": "ended by signal 11",
    "import os; os._exit(0)": "left by itself with 0",
    "import time; time.sleep(60)": "not done after",
    "bytearray(3 * 2**30); return 0": "raised Traceback",
    "open('.hidden', 'w'); return 0": "left behind .hidden",
    "import os; open('out.vcf', 'w'); os.write(2, b'error: x\\n'); return 2": "wrote out.vcf",
    "open('other', 'w'); return 0": "wrote other",
    "import shutil; shutil.copy('in.vcf', 'out.vcf'); return 0": "no status",
    "import os; os.write(2, b'RuntimeWarning: x\\n'); return 0": "raw warning",
    "import os; os.write(1, b'\\x1b[31m'); return 0": "control sequence said",
    "open('out.vcf', 'w').write('#CHROM\\n'); return 0": "records in, 0 out",
}

SCRIPT = """
import sys, time
sys.path[:0] = [{tests!r}]
from pathlib import Path
from fuzz import child
from fuzz.formats import all_formats
from fuzz.place import make
from fuzz.vcf_corpus import passing
import zooctl.cli.main as cli

found, place = all_formats()["vcf"], make(Path({folder!r}) / "place")
seeds = child.Seeds([next(passing()).content], [])
child.SECONDS = 1.5


def case(body, number):
    def replaced(arguments):
        return body()
    cli.run = replaced
    folder = Path({folder!r}) / str(number)
    running = child.start(found, seeds, place, (0, 0), folder)
    while (outcome := child.end(running)) is None:
        time.sleep(0.01)
    print(repr(outcome.why.replace("\\n", " ")))


{cases}
"""


@pytest.fixture(scope="module")
def said(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What was said of each fault, in order."""
    cases = "".join(
        f"def fault_{number}():\n{textwrap.indent(body, '    ')}\ncase(fault_{number}, {number})\n"
        for number, body in enumerate(FAULTS)
    )
    folder = tmp_path_factory.mktemp("faults")
    script = SCRIPT.format(tests=str(repo / "tests"), folder=str(folder), cases=cases)
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ALONE | {"PYTHONPATH": str(repo)},
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_faults_are_seen(said: list[str], number: int) -> None:
    body, expected = list(FAULTS.items())[number]
    assert expected in said[number], body
