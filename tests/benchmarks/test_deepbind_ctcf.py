"""DeepBind on the test bins of ctcf_gm12878: the figures of docs/published.md."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PRINTED = """570 positive bins and 570 negative ones of chr21, AUROC
deepbind D00328.003  0.764
ctcf_gm12878  0.960, 0.966 of all 68,497 bins
pwm_ctcf  0.826, 0.836 of all 68,497 bins
"""


@pytest.mark.slow
def test_deepbind_beside_the_entry_and_the_motif(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    path = Path(__file__).with_name("deepbind_ctcf.py")
    spec = importlib.util.spec_from_file_location("deepbind_ctcf", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main([])
    assert capsys.readouterr().out == PRINTED
    page = (path.parents[2] / "docs/published.md").read_text()
    for line in ("`deepbind`, D00328.003 | 0.764", "0.826 | 0.836", "0.960 | 0.966"):
        assert line in page
