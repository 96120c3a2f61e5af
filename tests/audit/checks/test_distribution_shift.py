"""Parts and sources that differ, by how much a count says.

Each part is a contig of 123 windows; in every fourth a base is high, which are 30 of 123.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import toy_audit as toy
import toy_files
from hypothesis import given
from hypothesis import strategies as st

from zooctl.audit.checks import distribution_shift as shift
from zooctl.audit.findings import Outcome
from zooctl.audit.inputs import AuditInputs
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.tracks.signals_and_labels import Files

VALUES = st.lists(st.integers(-3, 3), min_size=1, max_size=20)


@given(VALUES, VALUES)
def test_ks_is_the_largest_difference_of_shares(one: list[int], other: list[int]) -> None:
    first, second = np.array(one, float), np.array(other, float)
    gaps = [abs((first <= x).mean() - (second <= x).mean()) for x in range(-3, 4)]
    assert np.isclose(shift.ks(first, second), max(gaps))


def test_a_test_with_more_signal() -> None:
    signal = toy.every(4)
    signal["chr3"] = toy.every(1)["chr3"]
    found = shift.signal(*toy.inputs(toy.recipe(), signal))
    test = found.evidence["toy"]["test"]  # type: ignore[index]
    assert test["ks"] == round(93 / 123, 4)
    assert test["mean"] == round(10 / 32, 4)
    share = 30 / 123
    assert test["difference_in_sd"] == round((1 - share) / (share * (1 - share)) ** 0.5, 4)
    assert found.level == "severe"


def test_parts_alike() -> None:
    found = shift.signal(*toy.inputs(toy.recipe(), toy.every(4)))
    assert found.level == "clear"
    assert found.evidence["toy"]["test"]["ks"] == 0.0  # type: ignore[index]


def test_a_part_of_other_composition() -> None:
    codes = toy.genome()
    codes["chr3"][:] = 1
    found = shift.gc(*toy.inputs(toy.recipe(), toy.every(4), codes=codes))
    assert found.level == "severe"
    assert found.evidence["gc"]["test"]["mean"] == 1.0  # type: ignore[index]


def test_random_parts_have_one_composition() -> None:
    # 32 bases a window; two samples of 123 windows.
    assert shift.gc(*toy.inputs(toy.recipe(), toy.every(4))).level in ("clear", "note")
    codes = {chrom: toy.genome()["chr1"] for chrom in toy.CHROMS}
    assert shift.gc(*toy.inputs(toy.recipe(), toy.every(4), codes=codes)).level == "clear"


def test_a_part_with_gaps() -> None:
    codes = toy.genome()
    codes["chr2"][::4] = 4
    found = shift.unknown(*toy.inputs(toy.recipe(), toy.every(4), codes=codes))
    assert found.evidence["unknown"]["validation"]["mean"] == 0.25  # type: ignore[index]
    assert found.level == "severe"
    assert shift.unknown(*toy.inputs(toy.recipe(), toy.every(4))).level == "clear"


def two(first: dict[str, Any], second: dict[str, Any]) -> Recipe:
    """Two tracks of one assay."""
    sources = [toy.source("a", **first), toy.source("b", **second)]
    targets = [{"track": name, "signal": {"key": "bigwig", "source": name}} for name in ("a", "b")]
    return toy.recipe(sources=sources, targets=targets)


def of_sources(chosen: Recipe, second_step: int = 4) -> Outcome:
    signal = toy.every(4, rows=2)
    for chrom, row in toy.every(second_step, 20.0).items():
        signal[chrom][1] = row[0]
    return shift.sources(*toy.inputs(chosen, signal))


def test_tracks_of_other_processing() -> None:
    found = of_sources(two({}, {"output_type": "fold change"}))
    assert found.level == "warning"
    assert "output_type of ChIP-seq tracks: coverage (1), fold change (1)" in found.summary


def test_tracks_of_other_laboratories() -> None:
    assert of_sources(two({}, {"citation": "another"})).level == "note"


def test_tracks_of_other_shape() -> None:
    """Twice as deep is no other shape; high in every window instead of every fourth is."""
    assert of_sources(two({}, {})).level == "clear"
    found = of_sources(two({}, {}), second_step=1)
    assert found.level == "note"
    # Over their means, 93 of 123 windows are below 1 in one and none in the other.
    evidence = found.evidence["ChIP-seq bigwig"]
    assert evidence["largest_ks"] == round(93 / 123, 4)  # type: ignore[index]


def test_tracks_of_two_assays_are_not_compared() -> None:
    chosen = two({}, {"assay": "ATAC-seq", "output_type": "insertions"})
    assert of_sources(chosen).level == "none to check"


def files(chosen: Recipe, folder: Path, contigs: dict[str, int]) -> Outcome:
    paths = {source.id: folder / source.file for source in chosen.sources}
    return shift.assemblies(AuditInputs(chosen), Files(chosen, paths, contigs, lambda text: None))


def test_a_bigwig_of_another_assembly(tmp_path: Path) -> None:
    parts = {
        "train": [toy.region("chr1", 0, 2_000)],
        "validation": [toy.region("chr1", 2_000, 3_000)],
        "test": [toy.region("chr1", 3_000, 4_000)],
    }
    chosen = toy.recipe(split=parts)
    toy_files.write_bigwig(tmp_path / "signal.bw", np.ones(4_000, np.float32))
    assert files(chosen, tmp_path, {"chr1": 4_000}).level == "clear"
    found = files(chosen, tmp_path, {"chr1": 3_990})
    assert found.level == "severe"
    assert found.summary == "signal: chr1 of 4,000 bp, in the genome 3,990"
    elsewhere = files(toy.recipe(), tmp_path, {"chr1": 4_000, "chr2": 10, "chr3": 10})
    assert elsewhere.summary == "signal: no chr2; no chr3"


def lifted(folder: Path) -> Recipe:
    """Peaks of another assembly of which the first 1,000 bases are the genome's last."""
    (folder / "chain").write_text("chain 1 chr1 4000 + 0 1000 chr1 4000 + 3000 4000 1\n1000\n\n")
    sources = [
        toy.source("peaks", file="peaks", assembly="old", lift="chain"),
        toy.source("chain", file="chain", assembly="old"),
    ]
    return toy.recipe(
        sources=sources,
        targets=[{"track": "toy", "signal": {"key": "peaks", "source": "peaks"}}],
        network=toy.toy.recipe().network.model_dump() | {"output": "logit"},
        loss={"key": "binary_cross_entropy"},
    )


def test_lifting_loses_peaks(tmp_path: Path) -> None:
    chosen = lifted(tmp_path)
    contigs = dict.fromkeys(toy.CHROMS, 4_000)
    (tmp_path / "peaks").write_text("chr1\t0\t100\nchr1\t200\t300\nchr1\t2000\t2100\n")
    found = files(chosen, tmp_path, contigs)
    assert found.level == "warning"
    assert found.evidence["peaks"] == {"assembly": "old", "intervals": 3, "dropped": 1}
    (tmp_path / "peaks").write_text("chr1\t0\t100\nchr1\t200\t300\n")
    found = files(chosen, tmp_path, contigs)
    assert found.level == "note"
    assert "peaks is lifted from old, 0.00% are lost" in found.summary
