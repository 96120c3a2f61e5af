"""The whole evaluation on real data, with a network that must equal one of its baselines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog.fields import Region, Split
from zooctl.catalog.rules import Rules
from zooctl.errors import InputError
from zooctl.evaluation.evaluate import Report, evaluate
from zooctl.evaluation.heldout import Network
from zooctl.evaluation.material import Material
from zooctl.files.bigwig import BigWig
from zooctl.files.fasta import Fasta
from zooctl.files.motifs import Motif, read_motif
from zooctl.inference.predict import Readout
from zooctl.inference.runtime import Session

SPLIT = Split(
    train=(Region(chrom="chr20", start=30_000_000, end=36_000_000),),
    validation=(),
    test=(
        Region(chrom="chr21", start=33_000_000, end=35_000_000),
        Region(chrom="chr21", start=44_000_000, end=45_000_000),
    ),
)


@pytest.fixture(scope="module")
def motif(mirror: Path) -> Motif:
    return read_motif(mirror / "motifs/HOCOMOCOv11_HUMAN.pfm", "CTCF_HUMAN.H11MO.0.A")


@pytest.fixture(scope="module")
def material(repo: Path, motif: Motif) -> Iterator[Material]:
    data = repo / "recipes/data"
    fastas = [data / f"hg19_chr20_chr21/hg19.{chrom}.fa.gz" for chrom in ("chr20", "chr21")]
    tracks = [
        data / f"ctcf_gm12878_hg19/GM12878_{n}_5M.hg19.chr20_21.bw" for n in ("CTCF", "Input")
    ]
    with Fasta(*fastas) as genome, BigWig(tracks[0]) as signal, BigWig(tracks[1]) as control:
        yield Material(genome, signal, [control], SPLIT, motif)


@pytest.fixture(scope="module")
def network(motif: Motif, scanner_session: Callable[[Motif], Session]) -> Network:
    session = scanner_session(motif)
    return Network("scanner", session, session.geometry, Readout(), 0)


@pytest.fixture(scope="module")
def stages() -> list[tuple[str, float | None, float]]:
    return []


@pytest.fixture(scope="module")
def report(
    network: Network, material: Material, stages: list[tuple[str, float | None, float]]
) -> Report:
    @contextmanager
    def stage(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
        done: list[float] = []
        yield done.append
        stages.append((label, total, sum(done)))

    return evaluate(network, material, Rules(), n_draws=100, seed=3, stage=stage)


def test_a_network_that_scans_is_the_scan(report: Report) -> None:
    rows = {row.name: row for row in report.rows}
    scan = rows["best hit of CTCF_HUMAN.H11MO.0.A"]
    for name in ("auroc", "auprc"):
        assert scan.metrics[name].value == pytest.approx(
            rows["scanner"].metrics[name].value, abs=2e-4
        )
        assert abs(scan.behind[name].low) < 2e-3
    assert 0.75 < scan.metrics["auroc"].value < 0.95


def test_rows_and_counts(report: Report) -> None:
    assert [row.name for row in report.rows] == [
        "scanner",
        "scanner, ranked by mean",
        "mean signal",
        "GC content",
        "5-mer ridge",
        "best hit of CTCF_HUMAN.H11MO.0.A",
    ]
    # 2 Mb and 1 Mb in whole bins of 512 bp.
    assert report.n_bins + report.n_excluded == 3_905 + 1_952
    assert report.n_strong > 20
    rows = {row.name: row for row in report.rows}
    assert rows["mean signal"].metrics["auroc"].value == 0.5
    assert rows["mean signal"].metrics["auprc"].value == pytest.approx(report.prevalence)
    assert 0.5 < rows["5-mer ridge"].metrics["auroc"].value < 0.85
    assert 0 < report.fine_pearson.value < rows["scanner"].metrics["pearson"].value


def test_robustness_of_a_scan_is_that_of_its_binning(report: Report) -> None:
    # A hit stays where it is and only changes bins, so it varies, if less than a rate would.
    assert 0 < report.robustness.value < 0.7
    assert report.robustness.n_shifts == 20
    assert 20 < report.robustness.n_peaks <= report.n_strong


def test_tops_are_on_sites(report: Report, material: Material, network: Network) -> None:
    assert len(report.tops) == 100
    chrom, place = report.tops[0]
    codes = material.genome.padded_codes(chrom, place - 1024, place + 1024)
    here, away = network.centre_value(np.stack([codes, np.roll(codes, 512)]))
    assert here > 2 * away


def test_progress_adds_up(report: Report, stages: list[tuple[str, float | None, float]]) -> None:
    assert [label.split()[0] for label, _, _ in stages] == ["predicting", "fitting", "shifting"]
    assert all(total == done for _, total, done in stages if total is not None)


def test_json(report: Report) -> None:
    found = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert found["regions"] == ["chr21:33,000,001-35,000,000", "chr21:44,000,001-45,000,000"]
    assert found["rules"]["positive_min_signal"] == 8.0
    assert len(found["rows"]) == 6


def test_the_same_seed_gives_the_same_report(
    report: Report, network: Network, material: Material
) -> None:
    again = evaluate(network, material, Rules(), n_draws=100, seed=3)
    assert again == report


def test_without_the_motif_the_line_says_so(network: Network, material: Material) -> None:
    small = replace(
        material,
        motif=None,
        no_motif="needs HOCOMOCOv11_HUMAN.pfm",
        split=Split(
            train=SPLIT.train,
            validation=(),
            test=(Region(chrom="chr21", start=33_000_000, end=33_300_000),),
        ),
    )
    report = evaluate(network, small, Rules(), n_draws=0)
    assert report.rows[-1].note == "not measured: needs HOCOMOCOv11_HUMAN.pfm"
    assert not report.rows[-1].metrics


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ((), "no held-out regions"),
        ((Region(chrom="chr22"),), "do not fit on chr22"),
        ((Region(chrom="chr21", start=0, end=900_000),), "no known sequence"),
    ],
)
def test_refused(
    network: Network, material: Material, test: tuple[Region, ...], message: str
) -> None:
    split = Split(train=SPLIT.train, validation=(), test=test)
    with pytest.raises(InputError, match=message):
        evaluate(network, replace(material, split=split), Rules(), n_draws=0)
