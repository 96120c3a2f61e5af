"""Reports: figures as other commands have them, pages that fetch nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import zooctl
from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.explanation.explain import explain
from zooctl.interpret.options import ExplainOptions

VARIANT = "chr21:39731913 A>C"


def model(name: str) -> OpenModel:
    return OpenModel(registry.entry(name), SessionOptions(device="cpu", threads=1))


class Links(HTMLParser):
    """Addresses that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "data")]


def test_a_lost_site_of_ctcf(mirror: Path) -> None:
    found = explain(model("ctcf_gm12878"), VARIANT, ExplainOptions(references=5))
    own = zooctl.load("ctcf_gm12878", device="cpu", threads=1).score(VARIANT)
    assert list(found.scores) == list(own)
    # As score-variants writes it: a strong loss among random SNVs.
    assert 0.99 < found.percentiles[0] < 1
    assert found.importance.method == "deeplift"
    ref, alt = found.importance.values
    assert ref > alt
    assert [(one.change, one.name.split(".")[-1]) for one in found.stretches] == [("lost", "CTCF")]
    site = next(one for one in found.sites if one.motif == "MA0139.1_MA0139.1.CTCF")
    assert (site.change, site.ref_score - site.alt_score > 4) == ("kept", True)
    # Both alleles are equal where the variant is far away.
    assert found.predicted[0, 0] == pytest.approx(found.predicted[1, 0], abs=1e-6)
    assert (found.predicted[0] - found.predicted[1]).max() > 0.1


def test_pages_that_fetch_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    box = ">box<script>\n9 0 1 0\n0 9 0 1\n0 0 8 0\n1 1 1 9\n"
    (tmp_path / "box.pfm").write_text(box * 1)
    common = ["explain", "pwm_ctcf", VARIANT, "--shifts", "1", "--reach", "20", "--motifs"]
    assert run([*common, "box.pfm", "-o", "./", "--threads", "1"]) == 0
    paths = capsys.readouterr().out.split()
    assert [Path(path).suffix for path in paths] == [".html", ".pdf", ".json"]
    page = (tmp_path / paths[0]).read_text()
    links = Links()
    links.feed(page)
    assert [link.split(",")[0] for link in links.found] == ["data:image/svg+xml;base64"]
    assert "script" not in links.tags
    assert "default-src 'none'" in page
    assert "chr21:39,731,913 A&gt;C" in page
    pdf = (tmp_path / paths[1]).read_bytes()
    # TrueType fonts, none of them drawn as shapes.
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    document = json.loads((tmp_path / paths[2]).read_text())
    assert set(document["values"]) == {"REF", "ALT"}
    assert document["method"] == "ism"
    assert run([*common, "none", "-o", "./", "--threads", "1"]) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*common, "none", "-o", "a.json", "--json", "--threads", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == ["a.json"]


def test_a_region_has_no_alternative() -> None:
    found = explain(
        model("pwm_ctcf"), "chr21:39,731,901-39,731,920", ExplainOptions(motifs="none", reach=20)
    )
    assert found.scores == ()
    assert found.sites == ()
    assert found.predicted.shape[0] == 1
    assert found.importance.codes.shape == (1, 41)


def test_refused() -> None:
    with pytest.raises(InputError, match="for one track"):
        explain(model("ctcf_dream"), VARIANT, ExplainOptions(motifs="none"))
