"""Every entry of the zoo: alleles of all kinds and tiles, against windows one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog import registry
from zooctl.catalog.entry import ONNX
from zooctl.catalog.origin.licence import accept
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.engine.changes.windows import BLOCK
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import Engine, SessionOptions
from zooctl.inference.tracks.region import predict_region
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.schema.scoring import Scoring
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import N, decode

ZOO = Path(__file__).parents[3] / "zoo"
GENOME = Path("recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz")
START = 33_000_000


def _length(name: str) -> int:
    return registry.entry(name).card().input_length


NAMES = sorted(path.name for path in ZOO.iterdir() if path.is_dir())
SMALL = [name for name in NAMES if _length(name) <= 4_096]
# Windows of 5 to 15 kb, whose graphs take minutes.
LARGE = [name for name in NAMES if 4_096 < _length(name) <= 16_384]
SHIPPED = [name for name in SMALL if (ZOO / name / ONNX).is_file()]


@pytest.fixture(scope="module")
def genome(repo: Path) -> Iterator[Fasta]:
    with Fasta(repo / GENOME) as opened:
        yield opened


def open_model(name: str, engine: Engine, request: pytest.FixtureRequest) -> OpenModel:
    """A model on one thread; published weights come from the mirror, or the test is skipped."""
    entry = registry.entry(name)
    if not (ZOO / name / ONNX).is_file():
        pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
        mirror = request.getfixturevalue("mirror")
        request.getfixturevalue("monkeypatch").setenv("ZOOCTL_DATA_MIRROR", str(mirror))
        accept(entry.card())
    return OpenModel(entry, SessionOptions(device="cpu", threads=1, engine=engine))


def alleles_of_all_kinds(genome: Fasta, n: int, longest: int, step: int) -> list[Allele]:
    """SNVs, MNVs, insertions, deletions and delins of all lengths that a network takes."""
    rng = np.random.default_rng(19)
    found = []
    for number in range(n):
        start = START + number * step
        size = int(rng.integers(1, max(2, min(longest, 30))))
        ref_length, alt_length = [
            (1, 1),
            (size, size),
            (1, size),
            (size, 1),
            (size, size // 2 + 1),
        ][number % 5]
        ref = decode(genome.codes("chr21", start, start + ref_length))
        alt = "".join(rng.choice(list("ACGT"), alt_length))
        if alt == ref:
            alt = ("A" if ref[0] != "A" else "C") + alt[1:]
        found.append(Allele("chr21", start, ref, alt))
    return found


def scorer_of(model: OpenModel, genome: Fasta, rc: bool) -> Scorer:
    """Scores as the card wants them; six shifts where it wants the usual number."""
    usual = model.card.scoring or Scoring()
    network = VariantModel.of(model.card, model.graph)
    if model.card.any_length and usual.distance is not None:
        network = network.around(usual.distance, 0)
    return Scorer(
        network,
        genome,
        n_shifts=usual.shifts or 6,
        max_shift=usual.max_shift,
        statistics=usual.statistics or ("sum",),
        distance=usual.distance or 50,
        device="cpu",
        threads=1,
        engine=model.options.engine,
        reverse_complement=rc and not network.transcribed,
    )


def values_of(scorer: Scorer, alleles: list[Allele]) -> np.ndarray:
    """The predictions that a sum is of, and the scores of any other statistic."""
    found = [one for (one,) in scorer.score([allele] for allele in alleles)]
    assert {one.status for one in found} == {"OK"}
    if scorer.measures[0].statistic == "sum":
        return np.array([[one.ref, one.alt] for one in found])
    return np.array([[part.score for part in one.measured] for one in found])


def compare_scores(
    name: str, genome: Fasta, request: pytest.FixtureRequest, n: int, rc: bool = False
) -> None:
    model = open_model(name, "auto", request)
    if model.reads_more:
        pytest.skip("it reads signals beside the sequence, with which tests/oracles scores alleles")
    scorer = scorer_of(model, genome, rc)
    if scorer.engine == "plain":
        pytest.skip("its windows are predicted one by one")
    alleles = alleles_of_all_kinds(genome, n, model.card.core_length // 8, 7_919)
    together = values_of(scorer, alleles)
    alone = values_of(scorer_of(open_model(name, "plain", request), genome, rc), alleles)
    most = max(np.abs(alone).max(), float(model.card.output_scale == "probability"))
    assert np.abs(together - alone).max() <= 1e-5 * most
    # The difference itself is small, so it is looked at for itself.
    changes = together[:, 1] - together[:, 0], alone[:, 1] - alone[:, 0]
    assert np.abs(changes[0] - changes[1]).max() <= 1e-5 * most


def compare_tiles(
    name: str, genome: Fasta, request: pytest.FixtureRequest, region: Interval
) -> None:
    model = open_model(name, "auto", request)
    if model.reads_more or model.tiles is None:
        pytest.skip("its windows are predicted one by one")
    together, alone = (
        predict_region(one, region, genome).values
        for one in (model, open_model(name, "plain", request))
    )
    np.testing.assert_array_equal(np.isnan(together), np.isnan(alone))
    assert np.nanmax(np.abs(together - alone)) <= 1e-5 * np.nanmax(np.abs(alone))


def compare_changes(name: str, genome: Fasta, request: pytest.FixtureRequest) -> None:
    """Alternatives at both ends of a window and in its middle, one window with unknown bases."""
    model = open_model(name, "auto", request)
    if model.reads_more or model.changes is None:
        pytest.skip("its windows are predicted one by one")
    length = model.card.input_length
    windows = np.stack([genome.codes("chr21", at, at + length) for at in (START, START + 5_000)])
    windows[1, length // 2 : length // 2 + 30] = N
    own, contexts = model.changes.windows.predict(windows)
    alone = model.session.predict(windows)
    most = np.abs(alone).max()
    assert np.abs(own - alone).max() <= 1e-5 * most
    for block in {0, length // 2 // BLOCK, (length - 1) // BLOCK}:
        places = np.arange(block * BLOCK, min(length, (block + 1) * BLOCK))
        for window, context in zip(windows, contexts, strict=True):
            codes, bases = np.tile(window, (len(places), 1)), (window[places] + 1) % 4
            codes[np.arange(len(places)), places] = bases
            found = model.changes.predict(window, places, bases, context)
            assert np.abs(found - model.session.predict(codes)).max() <= 1e-5 * most
            # One alone has the bits that it has beside others.
            np.testing.assert_array_equal(
                model.changes.predict(window, places[-1:], bases[-1:], context)[0], found[-1]
            )


@pytest.mark.parametrize("name", SHIPPED)
def test_alleles_score_as_windows_alone(
    name: str, genome: Fasta, request: pytest.FixtureRequest
) -> None:
    compare_scores(name, genome, request, 20)


@pytest.mark.parametrize("name", SHIPPED)
def test_tiles_are_windows_alone(name: str, genome: Fasta, request: pytest.FixtureRequest) -> None:
    compare_tiles(name, genome, request, Interval("chr21", START, START + 100_000))


@pytest.mark.parametrize("name", SHIPPED)
def test_changed_windows_are_windows_alone(
    name: str, genome: Fasta, request: pytest.FixtureRequest
) -> None:
    compare_changes(name, genome, request)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_many_alleles_score_as_windows_alone(
    name: str, genome: Fasta, request: pytest.FixtureRequest
) -> None:
    compare_scores(name, genome, request, 500 if name in SMALL else 50, rc=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_many_tiles_are_windows_alone(
    name: str, genome: Fasta, request: pytest.FixtureRequest
) -> None:
    """A whole contig; a megabase of it for large windows."""
    region = Interval("chr21", 0, genome.contigs["chr21"])
    if name in LARGE:
        region = Interval("chr21", START, START + 1_000_000)
    compare_tiles(name, genome, request, region)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in [*SMALL, *LARGE] if name not in SHIPPED])
def test_changed_windows_of_published_models_are_windows_alone(
    name: str, genome: Fasta, request: pytest.FixtureRequest
) -> None:
    compare_changes(name, genome, request)
