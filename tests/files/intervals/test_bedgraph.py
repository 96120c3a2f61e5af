"""bedGraph: lines of bins, and bytes that follow from them alone."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from zooctl.files.disk.bgzf import END
from zooctl.files.intervals.bedgraph import BedGraphWriter


def test_lines_and_blocks(tmp_path: Path) -> None:
    values = np.arange(20_000, dtype=np.float32)
    values[7] = np.nan
    contigs = {"chr1": 8 * len(values) - 3}
    contents = set()
    for step in (1, 999, len(values)):
        path = tmp_path / f"{step}.bedgraph.gz"
        with BedGraphWriter(path, contigs) as writer:
            for at in range(0, len(values), step):
                writer.add_bins("chr1", 8 * at, values[at : at + step], 8)
        contents.add(path.read_bytes())
    (content,) = contents
    assert content.endswith(END)
    lines = gzip.decompress(content).decode().splitlines()
    assert lines[6:8] == ["chr1\t48\t56\t6.0", "chr1\t64\t72\t8.0"]
    assert lines[-1] == f"chr1\t{8 * 19_999}\t{8 * 20_000 - 3}\t19999.0"
    assert len(lines) == 19_999
