"""Patterns of TF-MoDISco: CTCF's comes first, planted ones are found, and reports hold them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.files.intervals.regions import regions_of
from zooctl.files.motifs import read_motifs
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.discovery.discover import (
    DiscoveredMotifs,
    discover_motifs,
)
from zooctl.interpret.discovery.folder import write_folder
from zooctl.interpret.discovery.modisco import FoundPattern, FoundPatterns, find_patterns
from zooctl.interpret.motif_search.tomtom import Match
from zooctl.interpret.options import DiscoverOptions
from zooctl.sequence.onehot import encode

WORD = "GATTACCAGG"
PEAKS = "ctcf_encode_dream_chr20/ChIPseq.K562.CTCF.conservative.train.chr20.narrowPeak.gz"


def pattern() -> FoundPattern:
    """A pattern of 30 positions whose middle ten are a word."""
    frequencies = np.full((30, 4), 0.25)
    frequencies[10:20] = np.eye(4)[encode(WORD.encode())]
    contributions = np.zeros((30, 4))
    contributions[10:20] = np.eye(4)[encode(WORD.encode())]
    contributions[5] = 0.05
    return FoundPattern("pos_patterns.pattern_0", 40, frequencies, contributions)


def test_the_core_is_where_contributions_are() -> None:
    assert (pattern().core.start, pattern().core.stop) == (10, 20)
    assert pattern().motif.consensus == WORD
    assert (pattern().motif.counts.sum(axis=1) == 40).all()


def test_the_report_is_one_page(tmp_path: Path) -> None:
    found = FoundPatterns((pattern(),), (None, None), 400)
    match = Match("a<b>", 1e-9, 2e-8, "-")
    made = DiscoveredMotifs("toy", "plus", "ism", 300, found, "box.pfm", ([match],))
    write_folder(made, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert "a&lt;b&gt; (-), q = 2e-08" in page
    assert 'src="http' not in page
    assert [one.consensus for one in read_motifs(tmp_path / "motifs.meme")] == [WORD]
    report = json.loads((tmp_path / "motifs.json").read_text())
    assert report["patterns"][0]["matches"][0]["known"] == "a<b>"
    with h5py.File(tmp_path / "modisco.h5") as stored:
        assert stored.attrs["window_size"] == 400
    with pytest.raises(InputError, match="output exists"):
        write_folder(made, tmp_path)


@pytest.mark.slow
def test_a_planted_word_is_found_among_noise() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (400, 120)).astype(np.uint8)
    hypothetical = rng.normal(0, 0.02, (400, 4, 120)).astype(np.float32)
    word = encode(WORD.encode())
    for row, at in enumerate(rng.integers(20, 90, 400).tolist()):
        codes[row, at : at + 10] = word
        hypothetical[row, :, at : at + 10] += np.eye(4, dtype=np.float32)[:, word] - 0.25
    found = find_patterns(codes, hypothetical, most_seqlets=1000, runs=2)
    first = found.patterns[0]
    assert first.name == "pos_patterns.pattern_0"
    assert first.motif.consensus in (WORD, "CCTGGTAATC")
    assert first.n_seqlets > 300


@pytest.mark.slow
def test_ctcf_is_found_first(mirror: Path, tmp_path: Path) -> None:
    lines = gzip.decompress((mirror / PEAKS).read_bytes()).decode().splitlines()
    rows = sorted((line.split("\t") for line in lines), key=lambda row: -float(row[6]))[:400]
    bed = tmp_path / "peaks.bed"
    bed.write_text("".join("\t".join(row[:3]) + "\n" for row in rows))
    command = (
        f"motifs ctcf_gm12878 --bed {bed} --motifs jaspar --references 3 --runs 2 --device cpu "
        f"-o {tmp_path / 'out'} --json"
    )
    assert run(command.split()) == 0
    report = json.loads((tmp_path / "out/motifs.json").read_text())
    first = report["patterns"][0]
    assert "CTCF" in first["matches"][0]["known"]
    assert first["matches"][0]["q_value"] < 1e-10
    assert first["seqlets"] > 200


def test_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a graph and no torch network"):
        discover_motifs(
            OpenModel(registry.entry("pwm_ctcf"), SessionOptions(device="cpu", threads=1)),
            regions_of(["chr21:39,731,801-39,732,000"]),
            DiscoverOptions(),
        )
    assert run(["motifs", "pwm_ctcf", "-o", str(tmp_path / "a.json"), "--region", "chr21:1-9"]) == 2
