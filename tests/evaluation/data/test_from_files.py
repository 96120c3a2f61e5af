"""Files in place of a recipe's targets: bigWigs, peaks, and what does not fit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import toy_audit

from zooctl.errors import InputError
from zooctl.evaluation.data.evaluation_data import EvaluatedTrack, EvaluationData
from zooctl.evaluation.data.from_files import open_file_data
from zooctl.evaluation.data.from_recipe import open_recipe_data
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning

LENGTH = 4_000
TRACKS = [EvaluatedTrack(0, "a"), EvaluatedTrack(1, "b")]
SPLIT = Split(train=(), validation=(), test=(Region(chrom="chr1"),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.fa").write_text(">chr1\n" + "ACGT" * (LENGTH // 4) + "\n>chr2\nACGT\n")
    (tmp_path / "peaks.bed").write_text("chr1\t100\t200\nchr1\t150\t300\n")
    with BigWigWriter(tmp_path / "track.bw", {"chr1": LENGTH}) as writer:
        writer.add_bins("chr1", 1_000, np.full(10, 2.5, np.float32), 1)
    return tmp_path


def test_tracks_and_peaks_base_by_base(folder: Path) -> None:
    said: list[str] = []
    files = [folder / "track.bw", folder / "peaks.bed"]
    with open_file_data(
        TRACKS, files, assembly="toy", split=SPLIT, fasta=folder / "toy.fa", say=said.append
    ) as data:
        track, peaks = data.measured
        assert np.flatnonzero(track.signal["chr1"]).tolist() == list(range(1_000, 1_010))
        assert track.signal["chr1"][1_003] == 2.5
        assert np.flatnonzero(peaks.signal["chr1"]).tolist() == list(range(100, 300))
        assert (track.binning.statistic, peaks.binning.statistic) == ("mean", "label")
        assert (track.name, peaks.name) == ("track.bw", "peaks.bed")
    assert said[1:] == ["reading track.bw chr1", "reading peaks.bed chr1"]


def test_one_file_for_all_tracks(folder: Path) -> None:
    fasta = folder / "toy.fa"
    with open_file_data(
        TRACKS, [folder / "track.bw"], assembly="toy", split=SPLIT, fasta=fasta
    ) as data:
        assert len(data.measured) == 2
        assert data.measured[0].signal is data.measured[1].signal


@pytest.mark.parametrize(
    ("files", "test", "message"),
    [
        (["track.bw"] * 3, "chr1", "one a track"),
        (["none.bw"], "chr1", "no such file"),
        (["track.bw"], "chr2", "do not fit on chr2"),
        (["track.bw"], "chr3", "does not hold a region"),
    ],
)
def test_refused(folder: Path, files: list[str], test: str, message: str) -> None:
    split = Split(train=(), validation=(), test=(Region(chrom=test),))
    paths, fasta = [folder / name for name in files], folder / "toy.fa"
    with (
        pytest.raises(InputError, match=message),
        open_file_data(TRACKS, paths, assembly="toy", split=split, fasta=fasta),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        # A scaffold that the genome lacks is no error beside a contig that it has.
        ("# peaks\n2\t0\t2\n1\t100\t200\n", 2, "write contigs as the genome does: chr2"),
        ("chr1\t0\t9\nun\t0\t9\nchr1\t0\t4001\n", 3, "is the file of another assembly?"),
    ],
)
def test_hints_name_the_line_and_no_option_that_is_not_there(
    folder: Path, text: str, line: int, hint: str
) -> None:
    path = folder / "other.bed"
    path.write_text(text)
    with (
        pytest.raises(InputError) as caught,
        open_file_data(TRACKS, [path], assembly="toy", split=SPLIT, fasta=folder / "toy.fa"),
    ):
        pass
    assert (caught.value.path, caught.value.line, caught.value.hint) == (str(path), line, hint)
    path.write_text("# peaks\nchr1\t100\t200\n")
    with open_file_data(TRACKS, [path], assembly="toy", split=SPLIT, fasta=folder / "toy.fa"):
        pass


def toy_recipe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Two tracks, one summed and one of peaks, and a control; its files are in a mirror."""
    with BigWigWriter(folder / "control.bw", {"chr1": LENGTH}) as writer:
        writer.add_bins("chr1", 0, np.full(10, 7, np.float32), 1)
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(folder))
    sources = []
    for name in ("track.bw", "peaks.bed", "control.bw"):
        content = (folder / name).read_bytes()
        pinned = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        sources.append(toy_audit.source(name.split(".")[0], file=name, **pinned))
    summed = {"key": "bigwig", "source": "track", "statistic": "sum"}
    peaks = {"key": "peaks", "source": "peaks", "min_overlap": 0.25}
    return toy_audit.recipe(
        sources=sources,
        targets=[{"track": "a", "signal": summed}, {"track": "b", "signal": peaks}],
        controls=[{"name": "input", "signal": {"key": "bigwig", "source": "control"}}],
        windows={"key": "tiling", "stride": 32},
    )


def bins_and_bases(data: EvaluationData) -> list[tuple[Binning, list[float]]]:
    return [(one.binning, one.signal["chr1"].tolist()) for one in data.measured]


def test_files_of_a_recipe_are_read_as_it_reads_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, fasta = toy_recipe(folder, monkeypatch), folder / "toy.fa"
    files = [folder / "track.bw", folder / "peaks.bed"]
    with (
        open_recipe_data(TRACKS, recipe, split=SPLIT, fasta=fasta) as own,
        open_file_data(
            TRACKS, files, assembly="toy", split=SPLIT, recipe=recipe, fasta=fasta
        ) as found,
    ):
        assert bins_and_bases(found) == bins_and_bases(own)
        assert found.measured[0].binning == Binning("sum")
        assert [one["chr1"].tolist() for one in found.controls] == [
            one["chr1"].tolist() for one in own.controls
        ]
        assert found.controls[0]["chr1"][:11].tolist() == [7] * 10 + [0]
    # What is of another kind than the target has no rule there.
    with open_file_data(
        TRACKS, files[::-1], assembly="toy", split=SPLIT, recipe=recipe, fasta=fasta
    ) as exchanged:
        assert [one.binning for one in exchanged.measured] == [Binning("label"), PLAIN]


def test_controls_that_are_not_here_are_left_out_aloud(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, said = toy_recipe(folder, monkeypatch), []
    (folder / "control.bw").unlink()
    for name, expected in (("track.bw", True), ("peaks.bed", False)):
        with open_file_data(
            TRACKS[:1],
            [folder / name],
            assembly="toy",
            split=SPLIT,
            recipe=recipe,
            fasta=folder / "toy.fa",
            say=said.append,
        ) as data:
            assert list(data.controls) == []
        # Labels have no control.
        assert any("without the controls of" in line for line in said) is expected
        said.clear()


def test_places_that_a_recipe_excludes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"source": "track", "min_value": 2.5, "max_unmappable": 0.25}
    exclude = {"regions": ["peaks"], "mappability": limits}
    document = toy_recipe(folder, monkeypatch).model_dump(mode="json", exclude_defaults=True)
    recipe, fasta = Recipe.model_validate(document | {"exclude": exclude}), folder / "toy.fa"
    files, said = [folder / "track.bw"], []
    with (
        open_recipe_data(TRACKS[:1], recipe, split=SPLIT, fasta=fasta) as own,
        open_file_data(
            TRACKS[:1], files, assembly="toy", split=SPLIT, recipe=recipe, fasta=fasta
        ) as found,
    ):
        for data in (own, found):
            excluded = np.flatnonzero(data.exclusion.excluded["chr1"])
            assert excluded.tolist() == list(range(100, 300))
            mappable = np.flatnonzero(~data.exclusion.unmappable["chr1"])
            assert mappable.tolist() == list(range(1_000, 1_010))
            assert data.exclusion.max_unmappable == 0.25
    (folder / "peaks.bed").unlink()
    with open_file_data(
        TRACKS[:1],
        files,
        assembly="toy",
        split=SPLIT,
        recipe=recipe,
        fasta=fasta,
        say=said.append,
    ) as data:
        assert not data.exclusion.excluded
    assert any("without the excluded places of" in line for line in said)


def regions(*names: str) -> tuple[Region, ...]:
    return tuple(Region(chrom=name) for name in names)


@pytest.fixture
def partial(folder: Path) -> Path:
    """Three contigs, and files that say something of the third alone, or of all."""
    bases = "ACGT" * (LENGTH // 4)
    (folder / "three.fa").write_text("".join(f">chr{i}\n{bases}\n" for i in (1, 2, 3)))
    ones = np.ones(10, np.float32)
    with BigWigWriter(folder / "one.bw", {"chr3": LENGTH}) as writer:
        writer.add_bins("chr3", 0, ones, 1)
    with BigWigWriter(folder / "all.bw", {f"chr{i}": LENGTH for i in (1, 2, 3)}) as writer:
        for chrom in ("chr1", "chr3"):
            writer.add_bins(chrom, 1_000, ones, 1)
    (folder / "one.bed").write_text("chr3\t100\t200\n")
    (folder / "all.bed").write_text("chr1\t900\t1000\nchr2\t1\t9\nchr3\t100\t200\n")
    return folder


@pytest.mark.parametrize(
    ("files", "train", "validation", "unfitted"),
    [
        (["one.bw"], [], [], "nothing of one.bw in the training regions"),
        (["one.bed"], [], [], "nothing of one.bed in the training regions"),
        (["all.bw"], ["chr1"], [], "no training regions"),
        (["all.bed"], ["chr1"], ["chr2"], "no training regions"),
        (["all.bw", "one.bed"], [], [], "nothing of one.bed in the training regions"),
    ],
)
def test_baselines_are_fitted_where_files_say_something(
    partial: Path, files: Sequence[str], train: list[str], validation: list[str], unfitted: str
) -> None:
    split = Split(train=regions("chr1"), validation=regions("chr2"), test=regions("chr3"))
    said: list[str] = []
    with open_file_data(
        TRACKS,
        [partial / name for name in files],
        assembly="toy",
        split=split,
        fasta=partial / "three.fa",
        say=said.append,
    ) as data:
        found = data.split
        assert (found.train, found.validation) == (regions(*train), regions(*validation))
        assert found.test == split.test
        assert data.unfitted == unfitted
    left_out = [line for line in said if "neither fitted nor chosen" in line]
    assert bool(left_out) is (files != ["all.bed"])


def test_regions_of_a_chromosome_are_covered_together(partial: Path) -> None:
    train = tuple(Region(chrom="chr1", start=at, end=at + 500) for at in (0, 800, 1_500))
    split = Split(train=train, validation=(), test=regions("chr3"))
    fasta = partial / "three.fa"
    # A region without a peak is none that the file leaves out, where another has one.
    with open_file_data(
        TRACKS[:1], [partial / "all.bed"], assembly="toy", split=split, fasta=fasta
    ) as data:
        assert data.split.train == train
    # The chromosome has a record, but where nothing is fitted.
    first = split.model_copy(update={"train": train[:1]})
    with open_file_data(
        TRACKS[:1], [partial / "all.bed"], assembly="toy", split=first, fasta=fasta
    ) as data:
        assert data.split.train == ()


def test_what_is_judged_must_be_in_a_track(partial: Path) -> None:
    split = Split(train=regions("chr3"), validation=(), test=regions("chr1"))
    fasta = partial / "three.fa"
    with (
        pytest.raises(InputError, match="do not fit on chr1"),
        open_file_data(TRACKS[:1], [partial / "one.bw"], assembly="toy", split=split, fasta=fasta),
    ):
        pass


def test_baselines_are_fitted_where_the_genome_is(partial: Path) -> None:
    split = Split(train=regions("chr1", "chr8"), validation=regions("chr9"), test=regions("chr3"))
    said: list[str] = []
    with open_file_data(
        TRACKS[:1],
        [partial / "all.bw"],
        assembly="toy",
        split=split,
        fasta=partial / "three.fa",
        say=said.append,
    ) as data:
        assert (data.split.train, data.split.validation) == (regions("chr1"), ())
    assert "baselines are neither fitted nor chosen on chr8, chr9: not in the genome" in said
