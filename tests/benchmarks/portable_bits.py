"""Compare the bits that machines train: the first steps of a recipe on each, as a table.

Other machines are simulated in two ways: by the variables that limit libraries to an instruction
set, and, if ``qemu-x86_64`` is installed (Debian: qemu-user), by emulated processors, which
libraries detect themselves. Each trains the recipe as it is, and with ``portable: true``.

    python tests/benchmarks/portable_bits.py atac_yeast
    python tests/benchmarks/portable_bits.py atac_yeast emulated   # emulated ones alone
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from zooctl.catalog import registry
from zooctl.schema import strict_yaml
from zooctl.training.determinism.portable import PINS

STEPS = 3


class Machine(NamedTuple):
    """A machine to train on.

    Attributes:
        name: Shown in the table.
        variables: Environment that simulates it.
        before: Command in front of the interpreter's, such as an emulator.
        changes: Values of the recipe that differ there.
        portable: Whether it is tried with portable recipes, whose own variables replace those.
    """

    name: str
    variables: Mapping[str, str] = {}
    before: tuple[str, ...] = ()
    changes: Mapping[str, object] = {}
    portable: bool = True


def machines() -> list[Machine]:
    """This machine, others by variables, and emulated ones if there is an emulator."""
    found = [
        Machine("this machine"),
        Machine("this machine, again"),
        Machine("one core of it", before=("taskset", "-c", "0")),
        Machine("two threads", changes={"threads": 2}),
        *(
            Machine(f"{name}={value}", {name: value}, portable=False)
            for name, value in (
                ("ONEDNN_MAX_CPU_ISA", "AVX2"),
                ("ONEDNN_MAX_CPU_ISA", "SSE41"),
                ("ATEN_CPU_CAPABILITY", "avx2"),
                ("ATEN_CPU_CAPABILITY", "default"),
                ("MKL_CBWR", "COMPATIBLE"),
                ("NPY_DISABLE_CPU_FEATURES", PINS["NPY_DISABLE_CPU_FEATURES"]),
            )
        ),
        Machine("all of these, AVX2", PINS, portable=False),
    ]
    if shutil.which("qemu-x86_64"):
        for model in ("Haswell", "Skylake-Client", "EPYC-Rome"):
            found.append(Machine(f"{model}, emulated", before=("qemu-x86_64", "-cpu", model)))
    else:
        print("qemu-x86_64 is not installed: no emulated processors", file=sys.stderr)
    return found


def first_steps(recipe: Mapping[str, object], machine: Machine, portable: bool) -> str:
    """Digest of the weights after the first steps on a machine."""
    values = {**recipe, **machine.changes, "portable": portable}
    variables = {**machine.variables, **(PINS if portable else {})}
    kept = {name: value for name, value in os.environ.items() if name not in PINS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.yaml"
        path.write_text(strict_yaml.dumps(values), encoding="utf-8")
        order = {
            "recipe": str(path),
            "fasta": None,
            "run": str(Path(folder) / "run"),
            "steps": STEPS,
            "ahead": 0,
            "dies_at": None,
        }
        done = subprocess.run(
            [*machine.before, sys.executable, "-m", "zooctl.reproduction.run.first_steps"],
            input=json.dumps(order),
            env={**kept, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{machine.name}: {done.stderr}")
    return done.stdout.split()[0].removeprefix("sha256:")[:12]


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "atac_yeast"
    path = registry.entry(name).recipe_path
    assert path is not None
    recipe = strict_yaml.load(path).data
    print(f"Weights of {name} after {STEPS} steps.\n")
    print("| machine | own bits | as this machine | portable bits | as this machine | seconds |")
    print("|---|---|---|---|---|---|")
    first: list[str] = []
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    here, *others = machines()
    for machine in (here, *(one for one in others if wanted in one.name)):
        begun = time.monotonic()
        ways = [False, True] if machine.portable else [False]
        bits = [first_steps(recipe, machine, portable) for portable in ways]
        first = first or bits
        same = ["yes" if one == its else "no" for one, its in zip(bits, first, strict=False)]
        cells = [cell for pair in zip(bits, same, strict=True) for cell in pair]
        cells += [""] * (4 - len(cells))
        seconds = time.monotonic() - begun
        print(f"| {machine.name} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
