"""Every entry of the zoo: alleles of all kinds and tiles, against windows one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.engine.window_changes import BLOCK
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import Engine, SessionOptions
from zooctl.inference.tracks.region import predict_region
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import N, decode

NAMES = sorted(
    path.parent.name for path in (Path(__file__).parents[3] / "zoo").glob("*/model.onnx")
)
GENOME = Path("recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz")
START = 33_000_000


@pytest.fixture(scope="module")
def genome(repo: Path) -> Iterator[Fasta]:
    with Fasta(repo / GENOME) as opened:
        yield opened


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


def scores(name: str, genome: Fasta, alleles: list[Allele], engine: Engine, rc: bool) -> np.ndarray:
    entry = registry.entry(name)
    network = VariantModel.of(entry.card(), onnx_bytes(entry))
    scorer = Scorer(
        network, genome, n_shifts=6, device="cpu", threads=1, engine=engine, reverse_complement=rc
    )
    found = [one for (one,) in scorer.score([allele] for allele in alleles)]
    assert {one.status for one in found} == {"OK"}
    return np.array([[one.ref, one.alt] for one in found])


def compare_scores(name: str, genome: Fasta, n: int, rc: bool = False) -> None:
    card = registry.entry(name).card()
    alleles = alleles_of_all_kinds(genome, n, card.core_length // 8, 7_919)
    together, alone = (scores(name, genome, alleles, engine, rc) for engine in ("auto", "plain"))
    assert np.abs(together - alone).max() <= 1e-5 * np.abs(alone).max()
    # The difference itself is small, so it is looked at for itself.
    changes = together[:, 1] - together[:, 0], alone[:, 1] - alone[:, 0]
    assert np.abs(changes[0] - changes[1]).max() <= 1e-5 * np.abs(alone).max()


def compare_tiles(name: str, genome: Fasta, length: int) -> None:
    region = Interval("chr21", START, START + length)
    together, alone = (
        predict_region(
            OpenModel(registry.entry(name), SessionOptions(device="cpu", threads=1, engine=engine)),
            region,
            genome,
        ).values
        for engine in ("auto", "plain")
    )
    np.testing.assert_array_equal(np.isnan(together), np.isnan(alone))
    assert np.nanmax(np.abs(together - alone)) <= 1e-5 * np.nanmax(np.abs(alone))


def is_small(name: str) -> bool:
    return registry.entry(name).card().input_length <= 4_096


@pytest.mark.parametrize("name", [name for name in NAMES if is_small(name)])
def test_alleles_score_as_windows_alone(name: str, genome: Fasta) -> None:
    compare_scores(name, genome, 20)


@pytest.mark.parametrize("name", [name for name in NAMES if is_small(name)])
def test_tiles_are_windows_alone(name: str, genome: Fasta) -> None:
    compare_tiles(name, genome, 100_000)


@pytest.mark.parametrize("name", [name for name in NAMES if is_small(name)])
def test_changed_windows_are_windows_alone(name: str, genome: Fasta) -> None:
    """Alternatives at both ends of a window and in its middle, one window with unknown bases."""
    model = OpenModel(registry.entry(name), SessionOptions(device="cpu", threads=1))
    if model.reads_more or model.changes is None:
        pytest.skip("its windows are predicted one by one")
    length = model.card.input_length
    windows = np.stack([genome.codes("chr21", at, at + length) for at in (START, START + 5_000)])
    windows[1, length // 2 : length // 2 + 30] = N
    own, contexts = model.changes.windows(windows)
    alone = model.session.predict(windows)
    most = np.abs(alone).max()
    assert np.abs(own - alone).max() <= 1e-5 * most
    for block in {0, length // 2 // BLOCK, (length - 1) // BLOCK}:
        places = np.arange(block * BLOCK, min(length, (block + 1) * BLOCK))
        for window, context in zip(windows, contexts, strict=True):
            codes = np.tile(window, (len(places), 1))
            rows = np.arange(len(places))
            codes[rows, places] = (codes[rows, places] + 1) % 4
            found = model.changes.predict(codes, block, context)
            assert np.abs(found - model.session.predict(codes)).max() <= 1e-5 * most
            # One alone has the bits that it has beside others.
            np.testing.assert_array_equal(
                model.changes.predict(codes[-1:], block, context)[0], found[-1]
            )


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_many_alleles_score_as_windows_alone(name: str, genome: Fasta) -> None:
    compare_scores(name, genome, 500 if is_small(name) else 20, rc=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_megabase_of_tiles_is_windows_alone(name: str, genome: Fasta) -> None:
    compare_tiles(name, genome, 1_000_000)
