"""From files to a data set: each kind of signal, by hand and on real data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig
import pytest
import toy_training as toy

from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.prepare import prepare
from zooctl.training.tracks.signals_and_labels import Files, per_base, stacked

LENGTH = 400
SPLIT = {
    "train": [{"chrom": "chr1", "start": 0, "end": 200}],
    "validation": [{"chrom": "chr1", "start": 200, "end": 300}],
    "test": [{"chrom": "chr1", "start": 300, "end": LENGTH}],
}
READS = "chr1\t10\t20\t.\t.\t+\nchr1\t30\t40\t.\t.\t-\n"
PEAKS = "chr1\t50\t70\tp\t0\t.\t3.5\t1\t1\t4\n"
WEAK = "chr1\t48\t72\nchr1\t100\t110\n"


def recipe_for(files: Mapping[str, Path], signals: list[dict[str, Any]], **changes: Any) -> Recipe:
    """A recipe whose sources are these files, whole."""
    common = {
        "accession": None,
        "url": None,
        "licence": "MIT",
        "citation": "made up",
        "assembly": "toy",
    }
    lifts = changes.pop("lifts", {})
    sources = [
        {
            "id": name,
            "file": path.name,
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            **common,
            **lifts.get(name, {}),
        }
        for name, path in files.items()
    ]
    targets = [{"track": f"t{i}", "signal": signal} for i, signal in enumerate(signals)]
    changes = {"split": SPLIT, "controls": [], **changes}
    return toy.recipe(sources=sources, targets=targets, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.fa").write_text(">chr1\n" + "ACGT" * (LENGTH // 4) + "\n")
    (tmp_path / "reads.bed").write_text(READS)
    (tmp_path / "peaks.narrowPeak").write_text(PEAKS)
    (tmp_path / "weak.bed").write_text(WEAK)
    with pyBigWig.open(str(tmp_path / "a.bw"), "w") as file:
        file.addHeader([("chr1", LENGTH)])
        file.addEntries(["chr1"], [5], ends=[9], values=[2.5])
    return tmp_path


def bases(folder: Path, name: str, **signal: Any) -> np.ndarray:
    """The per-base array that a signal of one file makes."""
    recipe = recipe_for({"s": folder / name}, [{"source": "s", **signal}])
    files = Files(recipe, {"s": folder / name}, {"chr1": LENGTH}, lambda line: None)
    return per_base(files, recipe.targets[0].signal, ["chr1"])["chr1"]


def test_a_bigwig_is_read_once_and_mapped(folder: Path) -> None:
    lines: list[str] = []
    recipe = recipe_for({"s": folder / "a.bw"}, [{"key": "bigwig", "source": "s"}])
    files = Files(recipe, {"s": folder / "a.bw"}, {"chr1": LENGTH}, lines.append)
    first = per_base(files, recipe.targets[0].signal, ["chr1"])["chr1"]
    assert np.flatnonzero(first).tolist() == [5, 6, 7, 8]
    assert first[5] == 2.5
    again = per_base(files, recipe.targets[0].signal, ["chr1"])["chr1"]
    assert isinstance(again, np.memmap)
    assert lines == ["reading a.bw chr1"]


def test_wider_steps_have_their_value_at_each_base(folder: Path) -> None:
    """So that a mean of bins is exact at any bin size, and a sum counts a step once a base."""
    with pyBigWig.open(str(folder / "steps.bw"), "w") as file:
        file.addHeader([("chr1", LENGTH)])
        file.addEntries("chr1", 100, values=[2.0, 6.0], span=10, step=10)
    path = {"s": folder / "steps.bw"}
    for statistic, expected in (("mean", [2.0, 3.0]), ("sum", [16.0, 24.0])):
        signal = {"key": "bigwig", "source": "s", "statistic": statistic}
        recipe = recipe_for(path, [signal], windows={"key": "tiling", "stride": 8})
        data = prepare(recipe, path, [folder / "toy.fa"], lambda line: None)
        # Bins 96-104, 104-112 and on; of the second, 6 bases have 2 and 2 have 6.
        got = data.batch(["chr1"], np.array([96])).target[0, 0]
        assert got[0] == expected[0] / 2
        assert got[1] == expected[1]


def test_reads_as_aligned_and_extended(folder: Path) -> None:
    plain = bases(folder, "reads.bed", key="reads")
    assert np.flatnonzero(plain).tolist() == [*range(10, 20), *range(30, 40)]
    longer = bases(folder, "reads.bed", key="reads", extend=15)
    assert np.flatnonzero(longer).tolist() == list(range(10, 40))
    assert (longer[10:40] == 1).all()


def test_fragments_covered_and_cut(folder: Path) -> None:
    cover = bases(folder, "reads.bed", key="fragments")
    assert np.flatnonzero(cover).tolist() == [*range(10, 20), *range(30, 40)]
    cuts = bases(folder, "reads.bed", key="fragments", count="cut_sites")
    assert np.flatnonzero(cuts).tolist() == [14, 15, 34, 35]


def test_peak_values(folder: Path) -> None:
    values = bases(folder, "peaks.narrowPeak", key="peak_values")
    assert np.flatnonzero(values).tolist() == list(range(50, 70))
    assert values[50] == 3.5
    with pytest.raises(
        InputError, match=r"peaks without a value.* are thickStart of BED9, and no si"
    ):
        bases(folder, "weak.bed", key="peak_values")
    chrom, start, end = (folder / "weak.bed").read_text().split()[:3]
    (folder / "strong.narrowPeak").write_text(f"{chrom}\t{start}\t{end}\t.\t0\t.\t2\t-1\t-1\t-1\n")
    assert bases(folder, "strong.narrowPeak", key="peak_values")[int(start)] == 2


def test_labels_reach_the_batch_with_unknown_ones_as_nan(folder: Path) -> None:
    sources = {"s": folder / "peaks.narrowPeak", "w": folder / "weak.bed"}
    signal = {"key": "peaks", "source": "s", "ambiguous": "w"}
    data = prepare(recipe_for(sources, [signal]), sources, [folder / "toy.fa"], lambda line: None)
    got = data.batch(["chr1"], np.array([48])).target[0, 0]
    # Bins of 8 from 48: peak 50-70 covers 6, 8 and 6 bases, weak ones 100-110 touch 100-112.
    np.testing.assert_array_equal(got, [1, 1, 1, 0, 0, 0, np.nan, np.nan])


def test_depth_is_exact_and_each_source_has_its_own_draw(folder: Path) -> None:
    many = "".join(f"chr1\t{i}\t{i + 1}\t.\t.\t+\n" for i in range(300))
    (folder / "many.bed").write_text(many)
    (folder / "other.bed").write_text(many + "\n")
    one = bases(folder, "many.bed", key="reads", depth=100)
    assert one.sum() == 100
    assert (bases(folder, "many.bed", key="reads", depth=100) == one).all()
    assert (bases(folder, "other.bed", key="reads", depth=100) != one).any()
    with pytest.raises(InputError, match="fewer reads"):
        bases(folder, "many.bed", key="reads", depth=301)


def test_changed_values_are_made_anew(folder: Path) -> None:
    assert bases(folder, "reads.bed", key="reads", extend=15).sum() == 30
    assert bases(folder, "reads.bed", key="reads", extend=5).sum() == 10


def test_several_tracks_are_stacked_and_mapped(folder: Path) -> None:
    paths = {"s": folder / "reads.bed", "a": folder / "a.bw"}
    signals = [{"key": "reads", "source": "s"}, {"key": "bigwig", "source": "a"}]
    recipe = recipe_for(paths, signals)
    files = Files(recipe, paths, {"chr1": LENGTH}, lambda line: None)
    got = stacked(files, [target.signal for target in recipe.targets], ["chr1"])["chr1"]
    assert isinstance(got, np.memmap)
    for row, target in zip(got, recipe.targets, strict=True):
        assert (row == per_base(files, target.signal, ["chr1"])["chr1"]).all()
    assert got.sum(axis=1).tolist() == [20, 10]


def test_log1p_needs_more_than_minus_one(folder: Path) -> None:
    with pyBigWig.open(str(folder / "negative.bw"), "w") as file:
        file.addHeader([("chr1", LENGTH)])
        file.addEntries(["chr1"], [5], ends=[9], values=[-1.0])
    assert bases(folder, "negative.bw", key="bigwig", transform="arcsinh").min() == -1
    with pytest.raises(InputError, match="log1p of a signal"):
        bases(folder, "negative.bw", key="bigwig", transform="log1p")


def test_a_file_of_another_genome_is_refused(folder: Path) -> None:
    (folder / "far.bed").write_text("chr1\t390\t401\t.\t.\t+\n")
    (folder / "bare.bed").write_text("1\t10\t20\t.\t.\t+\n")
    with pytest.raises(InputError, match=r"beyond its contig .*is the file of another assembly\?"):
        bases(folder, "far.bed", key="reads")
    (folder / "far.bed").write_text("chr1\t390\t400\t.\t.\t+\n")
    assert bases(folder, "far.bed", key="reads")[399] == 1
    with pytest.raises(InputError, match="chr1"):
        bases(folder, "bare.bed", key="reads")


def test_lifted_peaks_and_excluded_regions(folder: Path) -> None:
    chain = "chain 9 old 400 + 0 300 chr1 400 + 20 320 1\n300\n"
    (folder / "x.over.chain").write_text(chain)
    (folder / "old.bed").write_text("old\t30\t50\nold\t350\t360\n")
    paths = {"s": folder / "a.bw", "p": folder / "old.bed", "c": folder / "x.over.chain"}
    old = {"assembly": "older"}
    recipe = recipe_for(
        paths,
        [{"key": "bigwig", "source": "s"}],
        windows={"key": "peak_centred", "sources": ["p"], "negatives": 1.0},
        exclude={
            "regions": ["p"],
            "mappability": {"source": "s", "min_value": 1.0, "max_unmappable": 0.5},
        },
        lifts={"p": {**old, "lift": "c"}, "c": old},
    )
    lines: list[str] = []
    data = prepare(recipe, paths, [folder / "toy.fa"], lines.append)
    assert "p: 1 of 2 have no place in toy" in lines
    assert data.peaks["p"].start.tolist() == [50]
    assert np.flatnonzero(data.excluded["chr1"]).tolist() == list(range(50, 70))
    assert np.flatnonzero(~data.unmappable["chr1"]).tolist() == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("end", "chrom", "what"),
    [(401, "chr1", "range of the split goes beyond"), (400, "chr2", "genome lacks a chromosome")],
)
def test_a_split_must_lie_on_the_genome(folder: Path, end: int, chrom: str, what: str) -> None:
    split = {**SPLIT, "test": [{"chrom": chrom, "start": 300, "end": end}]}
    recipe = recipe_for({"s": folder / "a.bw"}, [{"key": "bigwig", "source": "s"}], split=split)
    with pytest.raises(InputError, match=what):
        prepare(recipe, {"s": folder / "a.bw"}, [folder / "toy.fa"], lambda line: None)


def test_reads_give_the_bigwig_that_ctcf_gm12878_trains_on(mirror: Path) -> None:
    folder = mirror / "ctcf_gm12878_hg19"
    paths = {"s": folder / "CTCF_12878_5M.chr20_21.bed.gz"}
    golden = folder / "GM12878_CTCF_5M.hg19.chr20_21.bw"
    recipe = recipe_for(paths, [{"key": "reads", "source": "s", "extend": 180}])
    with BigWig(golden) as expected:
        files = Files(recipe, paths, expected.contigs, lambda line: None)
        found = per_base(files, recipe.targets[0].signal, ["chr21"])["chr21"]
        assert (found == np.nan_to_num(expected.values("chr21", 0, len(found)))).all()


def test_lifted_peaks_give_the_published_track_of_hg19(mirror: Path) -> None:
    paths = {
        "p": mirror / "h3k36me3_hg38/SKNSH_ENCFF621CZO.hg38.bed.gz",
        "c": mirror / "chains/hg38ToHg19.over.chain.gz",
    }
    lifts = {"p": {"assembly": "hg38", "lift": "c"}, "c": {"assembly": "hg38"}}
    recipe = recipe_for(paths, [{"key": "peak_values", "source": "p"}], lifts=lifts)
    golden = mirror / "h3k36me3_hg19/SKNSH_ENCFF621CZO.lifted_hg19.chr20_21.signalValue.bw"
    with BigWig(golden) as expected:
        files = Files(recipe, paths, expected.contigs, lambda line: None)
        found = per_base(files, recipe.targets[0].signal, ["chr21"])["chr21"]
        assert (found == np.nan_to_num(expected.values("chr21", 0, len(found)))).all()


def test_genomes_that_differ_in_length_share_no_array(folder: Path) -> None:
    recipe = recipe_for({"s": folder / "peaks.narrowPeak"}, [{"source": "s", "key": "peak_values"}])
    for length in (LENGTH, 80):
        files = Files(
            recipe, {"s": folder / "peaks.narrowPeak"}, {"chr1": length}, lambda line: None
        )
        assert per_base(files, recipe.targets[0].signal, ["chr1"])["chr1"].shape == (length,)
