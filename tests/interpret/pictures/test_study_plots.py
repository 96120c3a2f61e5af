"""Picture of a study."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from zooctl.interpret.pictures.study_plots import PlottedArm, draw_arms


def test_a_row_for_each_arm(tmp_path: Path) -> None:
    """A taller picture for more arms, and another one for other values."""
    arms = [
        PlottedArm("Poisson", 0.5, (0.4, 0.6), (0.45, 0.5, 0.55)),
        PlottedArm("squared error", 0.3, None, (0.3,)),
    ]
    sizes, contents = [], []
    for name, shown in (("a", arms), ("b", arms * 3), ("c", [arms[0], arms[0]])):
        path = tmp_path / f"{name}.png"
        draw_arms(path, shown, metric="Pearson's r", title="losses")
        with Image.open(path) as image:
            sizes.append(image.size)
        contents.append(path.read_bytes())
    assert sizes[0][0] == sizes[1][0] == 960
    assert sizes[0][1] < sizes[1][1]
    assert contents[0] != contents[2]
