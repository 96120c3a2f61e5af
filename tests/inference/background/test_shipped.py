"""Backgrounds of the zoo: of their own weights, and uniform on a null that is held out."""

from __future__ import annotations

import contextlib
import hashlib
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from zooctl.catalog import registry
from zooctl.catalog.origin.licence import accept
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import ZooError
from zooctl.inference.background.calibrate import held_statistics
from zooctl.inference.background.collect import scorable
from zooctl.inference.background.draw import random_snvs
from zooctl.inference.background.file import FILE, read_background
from zooctl.inference.background.find import find_ranker
from zooctl.inference.background.percentiles import rank
from zooctl.inference.background.spectrum import HUMAN
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.inference.variants.table import open_scorer
from zooctl.progress import no_progress, silent

REPO = Path(__file__).resolve().parents[3]
SHIPPED = sorted(path.parent.name for path in (REPO / "zoo").glob(f"*/{FILE}"))


def test_some_are_shipped() -> None:
    assert {"ctcf_gm12878", "pwm_ctcf"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_file(name: str) -> None:
    entry = registry.entry(name)
    path = REPO / "zoo" / name / FILE
    background = read_background(path.read_bytes(), path)
    assert background.settings.model == name
    assert background.settings.assembly == entry.card().assembly
    assert background.counts()["random/snv"] >= 1_000
    try:
        graph = onnx_bytes(entry, may_download=False)
    except ZooError:
        return  # weights that are published elsewhere
    assert background.settings.weights == hashlib.sha256(graph).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_uniform_on_a_held_out_null(name: str) -> None:
    n = 120
    entry = registry.entry(name)
    accept(entry.card())  # not commercial use, and in the tests' own cache
    model = OpenModel(entry)
    options = ScoreOptions(statistics=held_statistics(model.card))
    with model.genome(None, silent, no_progress) as genome:
        scorer = open_scorer(model, genome, options, "skip")
        rng = np.random.default_rng(20_261_129)
        human = model.card.assembly in HUMAN
        drawn = list(islice(scorable(random_snvs(genome, n, rng, human=human), scorer, n), n))
        ranker = find_ranker(model, scorer, options, scorer.n_tracks, silent)
        assert ranker is not None
        with contextlib.closing(scorer.score([allele] for allele in drawn)) as scored:
            ranks = [ranker.rank(one) for (one,) in scored]
    n_tests = len(scorer.measures) * scorer.n_tracks
    for measure in range(len(scorer.measures)):
        key = scorer.measures[measure].key
        for track in range(scorer.n_tracks):
            found = np.array([one[measure].percentile[track] for one in ranks], np.float32)
            assert ((found > 0) & (found < 1)).all()
            members = ranker.background.scores("random", "snv", key, track)
            assert members is not None
            # Uniform but for ties: half of the SNVs change no maximum of a network of DeepBind.
            uniform = rank(members, members).percentile.astype(np.float32)
            p = ks_2samp(found, uniform, method="asymp").pvalue
            assert p > 0.01 / n_tests, (name, key, track, p)
