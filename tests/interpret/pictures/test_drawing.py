"""Pictures do not depend on matplotlib's settings, wherever they come from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zooctl.files.bigwig.writer import BigWigWriter

HOSTILE = {
    "other": b"figure.facecolor: red\naxes.grid: True\nfont.size: 31\nsavefig.dpi: 10\n"
    b"lines.linewidth: 9\nsvg.fonttype: none\nsavefig.bbox: tight\nfont.family: monospace\n"
    b"text.usetex: True\nbackend: module://evil\n",
    "broken": b"axes.grid = True\nno such thing\nfigure.figsize: x\nbackend: none\n",
    "not text": b"\xff\xfe\x00axes.grid",
}


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("track") / "a.bw"
    with BigWigWriter(path, {"chr21": 10_000}) as writer:
        writer.add_bins("chr21", 0, np.arange(100.0), 100)
    return path


def plot(track: Path, folder: Path, ending: str, **environment: str) -> bytes:
    target = folder / f"out.{ending}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "zooctl", "plot", str(track)),
            *("--region", "chr21:1-10,000", "-o", str(target)),
        ],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, f"wrote {target}\n")
    return target.read_bytes()


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_settings_change_no_picture(track: Path, tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    home = tmp_path / "home"
    plain = plot(track, folder, ending, HOME=str(home))
    for name, content in HOSTILE.items():
        here = tmp_path / name
        here.mkdir()
        (here / "matplotlibrc").write_bytes(content)
        assert plot(track, here, ending, HOME=str(home)) == plain
        rc, configuration = str(here / "matplotlibrc"), str(here)
        assert plot(track, folder_of(here), ending, MATPLOTLIBRC=rc) == plain
        assert plot(track, folder_of(here), ending, MPLCONFIGDIR=configuration) == plain
    assert not home.exists(), "nothing is written outside of our cache"


def folder_of(parent: Path) -> Path:
    """Return a new empty folder."""
    folder = parent / f"empty{len(list(parent.iterdir()))}"
    folder.mkdir()
    return folder


def test_a_pipe_of_that_name_is_not_waited_for(track: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "matplotlibrc")
    assert plot(track, tmp_path, "svg").startswith(b"<?xml")


def test_settings_of_the_callers_program_stay_and_change_nothing(tmp_path: Path) -> None:
    """Of a notebook, that imported matplotlib before; and its environment and folder stay."""
    code = """
import os, sys
import matplotlib
loud = {"figure.facecolor": "red", "axes.grid": True, "font.size": 31, "svg.fonttype": "none"}
if "loud" in sys.argv:
    import matplotlib.pyplot
    matplotlib.rcParams.update(loud)
before = dict(os.environ), os.getcwd()
from zooctl.files.motifs import Motif
from zooctl.interpret.pictures.plots import draw_logos
import numpy as np
from pathlib import Path
draw_logos(Path(sys.argv[1]), [("box", Motif("box", np.eye(4)), 0)])
assert (dict(os.environ), os.getcwd()) == before
if "loud" in sys.argv:
    assert {name: matplotlib.rcParams[name] for name in loud} == loud
"""
    pictures = []
    for name in ("quiet", "loud"):
        target = tmp_path / f"{name}.svg"
        subprocess.run([sys.executable, "-c", code, str(target), name], check=True)
        pictures.append(target.read_bytes())
    assert pictures[0] == pictures[1]
