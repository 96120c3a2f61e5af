"""Predictions at places: Xpresso's published ones, and windows derived by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog import registry
from zooctl.catalog.genomes import open_genome
from zooctl.cli.main import run
from zooctl.files.intervals.liftover import Chain
from zooctl.inference.device.session import Session
from zooctl.inference.model import OpenModel
from zooctl.inference.tracks.points.places import Place
from zooctl.inference.tracks.points.predict_points import predict_points, window_of
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import reverse_complement


@pytest.fixture(autouse=True)
def in_the_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")


def test_windows_of_promoters_ends_and_exons() -> None:
    xpresso, aparent2, mmsplice = (
        registry.entry(name).card() for name in ("xpresso", "aparent2", "mmsplice")
    )
    # 7,000 bp before the first base, 3,500 bp from it on, on either strand.
    assert window_of(Place("c", 9_000, 9_001, "+", "", ""), xpresso) == (2_000, 12_500)
    assert window_of(Place("c", 9_000, 9_001, "-", "", ""), xpresso) == (5_501, 16_001)
    assert window_of(Place("c", 1_000, 1_001, "+", "", ""), aparent2) == (904, 1_109)
    assert window_of(Place("c", 1_000, 1_001, "-", "", ""), aparent2) == (892, 1_097)
    assert window_of(Place("c", 1_000, 1_080, "-", "", ""), mmsplice) == (900, 1_180)


def published(mirror: Path) -> list[tuple[Place, float]]:
    """Places on hg19 whose published window on hg38 lifts to as many bases, with predictions."""
    chain = Chain(mirror / "chains/hg38ToHg19.over.chain.gz")
    found = []
    with (mirror / "weights/xpresso/published_predictions.hg38.chr20_21.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            chrom, strand = row["metadata/ranges/chr"], row["metadata/ranges/strand"]
            start, end = (int(row[f"metadata/ranges/{side}"]) for side in ("start", "end"))
            lifted = chain.lift(Interval(chrom, start, end))
            if lifted is None or lifted.chrom != chrom or lifted.length != 10_500:
                continue
            first = lifted.start + 7_000 if strand == "+" else lifted.end - 7_001
            place = Place(chrom, first, first + 1, strand, row["metadata/ranges/id"], "")
            found.append((place, float(row["preds/expression_pred"])))
    return found


@pytest.mark.slow
def test_published_predictions_of_xpresso(mirror: Path) -> None:
    model = OpenModel(registry.entry("xpresso"))
    places = published(mirror)
    assert len(places) > 550
    folder = mirror / "hg19_chr20_chr21"
    paths = [folder / f"hg19.{chrom}.fa.gz" for chrom in ("chr20", "chr21")]
    with open_genome("hg19", paths) as genome:
        found = predict_points(model, [place for place, _ in places], genome)
        got = np.array([values[0, 0] for _, values in found])
    expected = np.array([value for _, value in places])
    # The others differ in sequence between the assemblies.
    assert (np.abs(got - expected) < 1e-4).mean() == pytest.approx(0.94, abs=0.01)
    assert np.corrcoef(got, expected)[0, 1] > 0.99998


def test_a_table_of_exons(mirror: Path, tmp_path: Path) -> None:
    """Exons of several lengths and strands, each against the entry's own session of that length."""
    bed, table = tmp_path / "exons.bed", tmp_path / "exons.tsv"
    spans = [(47_406_857, 47_406_957, "+"), (47_406_000, 47_406_100, "-")]
    lines = [f"chr21\t{start}\t{end}\tx{start}\t0\t{strand}\n" for start, end, strand in spans]
    lines.append("chr21\t47407000\t47407055\tshort\t0\t+\n")
    bed.write_text("".join(lines))
    command = ["predict", "--model", "mmsplice", "--at", "exon", "--bed", str(bed)]
    assert run([*command, "-o", str(table)]) == 0
    with table.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["gene"] for row in rows] == ["x47406000", "x47406857", "short"]
    model = OpenModel(registry.entry("mmsplice"))
    card = model.card
    session = Session(
        model.graph, geometry=card.geometry, n_tracks=5, unknown_base=0.0, device="cpu"
    )
    with open_genome("hg19", [mirror / "hg19_chr20_chr21/hg19.chr21.fa.gz"]) as genome:
        for (start, end, strand), row in zip(sorted(spans), rows, strict=False):
            codes = genome.padded_codes("chr21", start - 100, end + 100)[None]
            codes = reverse_complement(codes) if strand == "-" else codes
            expected = session.predict(codes)[0, :, 0]
            got = [float(row[track.name]) for track in card.tracks]
            assert got == pytest.approx(expected.tolist(), rel=1e-5, abs=1e-5)


def test_what_a_model_is_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bed = tmp_path / "a.bed"
    bed.write_text("chr21\t47406857\t47406957\tx\t0\t+\n")
    more = ["--bed", str(bed), "-o", str(tmp_path / "a.tsv")]
    assert run(["predict", "--model", "xpresso", "--at", "exon", *more]) == 2
    assert "xpresso is for other places" in capsys.readouterr().err
    assert run(["predict", "--model", "ctcf_gm12878", "--at", "exon", *more]) == 2
    assert "predicts along a genome" in capsys.readouterr().err
    region = ["--region", "chr21:47406857-47406957", "-o", str(tmp_path / "a.bw")]
    assert run(["predict", "--model", "xpresso", *region]) == 2
    assert "xpresso is read at places in genes (promoter)" in capsys.readouterr().err
    vcf = tmp_path / "a.vcf"
    vcf.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    assert (
        run(["score-variants", str(vcf), "--model", "mmsplice", "-o", str(tmp_path / "b.tsv")]) == 2
    )
    assert "mmsplice is read at places in genes (exon)" in capsys.readouterr().err
