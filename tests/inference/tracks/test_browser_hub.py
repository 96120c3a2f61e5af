"""A hub's stanzas by the rules of the UCSC browser, and IGV's session read back as XML."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as xml
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest
from toy_files import write_bigwig

from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.inference.tracks.browser_hub import HubTrack, write_browser_hub

# Of the browser's documentation: required settings of a hub in one file, and of its tracks.
OF_HUB = {"hub", "shortLabel", "longLabel", "useOneFile", "email"}
OF_TRACK = {"track", "type", "bigDataUrl", "shortLabel", "longLabel"}


@pytest.fixture
def tracks(tmp_path: Path) -> list[HubTrack]:
    values = np.zeros(200_000, np.float32)
    values[120_000] = 9
    for name in ("predicted 1&2", "chip"):
        write_bigwig(tmp_path / f"{name}.bw", values)
    return [
        HubTrack(tmp_path / "predicted 1&2.bw", "predicted"),
        HubTrack(tmp_path / "chip.bw", "measured"),
    ]


def stanzas(text: str) -> list[dict[str, str]]:
    return [dict(line.split(" ", 1) for line in block.splitlines()) for block in text.split("\n\n")]


def test_stanzas_are_those_of_a_hub_in_one_file(tracks: list[HubTrack], tmp_path: Path) -> None:
    write_browser_hub(tmp_path / "hub", tracks, assembly="hg19", email="me@lab.org")
    hub, genome, *shown = stanzas((tmp_path / "hub/hub.txt").read_text().rstrip("\n"))
    assert set(hub) >= OF_HUB
    assert hub["useOneFile"] == "on"
    assert genome == {"genome": "hg19", "defaultPos": "chr1:95001-145000"}
    assert len({one["track"] for one in shown}) == len(shown) == 2
    for one, track in zip(shown, tracks, strict=True):
        assert set(one) >= OF_TRACK
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", one["track"])
        assert len(one["shortLabel"]) <= 17
        copy = tmp_path / "hub" / unquote(one["bigDataUrl"])
        assert copy.read_bytes() == track.path.read_bytes()
        assert one["color"].count(",") == 2
    assert shown[0]["color"] != shown[1]["color"]


def test_igv_s_session_names_the_files(tracks: list[HubTrack], tmp_path: Path) -> None:
    write_browser_hub(tmp_path / "hub", tracks, assembly="hg19", email="me@lab.org")
    session = xml.parse(tmp_path / "hub/igv.xml").getroot()
    assert session.attrib["genome"] == "hg19"
    paths = [one.attrib["path"] for one in session.iter("Resource")]
    assert paths == ["predicted 1&2.bw", "chip.bw"]
    assert all((tmp_path / "hub" / path).is_file() for path in paths)
    assert [one.attrib["id"] for one in session.iter("Track")] == paths


def test_the_command_prints_the_browser_s_address(
    tracks: list[HubTrack], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["trackhub", str(tracks[0].path), "--measured", str(tracks[1].path), "--assembly"]
    given += ["hg19", "--email", "me@lab.org", "-o", str(tmp_path / "hub")]
    given += ["--region", "chr1:11-20", "--url", "https://lab.org/a hub/"]
    assert run([*given, "--json"]) == 0
    found = urlsplit(json.loads(capsys.readouterr().out)["url"])
    assert parse_qs(found.query) == {
        "db": ["hg19"],
        "hubUrl": ["https://lab.org/a hub/hub.txt"],
        "position": ["chr1:11-20"],
    }
    assert run(given) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*given, "--force"]) == 0


def test_what_is_no_hub_is_never_replaced(tracks: list[HubTrack], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("mine")
    given = {"assembly": "hg19", "email": "me@lab.org"}
    with pytest.raises(InputError, match="no hub"):
        write_browser_hub(tmp_path / "mine", tracks, **given, force=True)
    with pytest.raises(InputError, match="one file name"):
        write_browser_hub(tmp_path / "hub", [*tracks, tracks[0]], **given)
    assert (tmp_path / "mine/thesis.txt").read_text() == "mine"
    assert not (tmp_path / "hub").exists()
