"""Predictions beside N, of toys by hand and of every entry of the zoo."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from zooctl.catalog import registry
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.root import model_names
from zooctl.errors import ZooError
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.tracks.near_unknown import LIMIT, rise_near_n
from zooctl.schema.card import Card
from zooctl.sequence.onehot import Codes, N

# Networks that would take many minutes here; nobody has measured them yet.
_NOT_MEASURED = {"openspliceai_400", "openspliceai_10k", "spliceai"}
# Bases that are predicted at most of one model, so that long windows take no minutes.
_BASES = 1 << 17


class Toy:
    """A network whose every bin is a function of the share of N in its window."""

    batch_size = 4
    at_once = 1

    def __init__(self, slope: float, n_tracks: int, n_bins: int) -> None:
        self.slope, self.shape = slope, (n_tracks, n_bins)

    def predict(self, codes: Codes) -> NDArray[np.float32]:
        share = (codes == N).mean(axis=1)
        varied = 1 + np.arange(len(codes)) % 2
        values = varied * (1 + self.slope * share)
        return np.broadcast_to(values[:, None, None], (len(codes), *self.shape)).astype(np.float32)

    def interrupt(self) -> None:
        pass


def card_of(name: str, **changes: object) -> Card:
    return registry.entry(name).card().model_copy(update=changes)


def test_the_rise_of_toys_by_hand() -> None:
    card = card_of("ctcf_gm12878")
    codes = np.zeros((4, card.input_length), np.uint8)
    toy = functools.partial(Toy, n_tracks=1, n_bins=card.geometry.n_bins)
    # With 921 of 2,048 bases unknown, a slope of 10 gives 1 + 10 * 921 / 2048.
    assert rise_near_n(toy(10.0), card, codes) == pytest.approx(1 + 10 * 921 / 2048, rel=1e-5)
    assert rise_near_n(toy(0.0), card, codes) == pytest.approx(1.0)
    # The least unknown share falls least.
    assert rise_near_n(toy(-1.0), card, codes) == pytest.approx(1 - 204 / 2048, rel=1e-5)
    # Values of 1 and 2 have a standard deviation of a half.
    log = card.model_copy(update={"output_scale": "log"})
    assert rise_near_n(toy(1.0), log, codes) == pytest.approx(1.5 * 921 / 2048 / 0.5, rel=1e-5)


def windows(card: Card, repo: Path) -> Codes:
    """Windows of known sequence, drawn by a seed: of the model's genome, else of chr21 of hg19."""
    try:
        paths, _ = find_genome(card.assembly, None)
    except ZooError:
        paths = [repo / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz"]
    rng, length = np.random.default_rng(0), card.input_length
    found: list[Codes] = []
    with Fasta(*paths) as genome:
        chrom = "chr21" if "chr21" in genome.contigs else next(iter(genome.contigs))
        while len(found) < max(4, min(64, _BASES // length)):
            start = int(rng.integers(0, genome.contigs[chrom] - length))
            codes = genome.codes(chrom, start, start + length)
            if not (codes == N).any():
                found.append(codes)
    return np.stack(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(model_names()))
def test_no_entry_rises_near_n_without_saying_so(name: str, repo: Path) -> None:
    entry = registry.entry(name)
    if name in _NOT_MEASURED:
        pytest.skip("not measured")
    if entry.folder is None or entry.weights_at(entry.card()) == "none":
        pytest.skip("no weights are published")
    card = entry.card()
    try:
        session = OpenModel(entry, SessionOptions(device="cpu")).session
    except ZooError as error:
        pytest.skip(f"not here: {error.what}")
    rise = rise_near_n(session, card, windows(card, repo))
    if rise < LIMIT:
        assert card.rise_near_n is None
    else:
        assert card.rise_near_n == pytest.approx(rise, rel=0.05)
        assert any(remark.startswith("N: ") for remark in card.remarks)
