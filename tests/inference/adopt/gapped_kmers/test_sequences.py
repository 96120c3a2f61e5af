"""The score of a sequence is that of its best window."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from zooctl.catalog import registry
from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.adopt.gapped_kmers.sequences import score_sequences
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.sequence.windows import Geometry


class CountG:
    """A network whose value is the number of G in its window."""

    def predict(self, codes: np.ndarray) -> np.ndarray:
        return (codes == 2).sum(axis=1).astype(np.float32)[:, None, None]


def test_the_best_window_counts(tmp_path: Path) -> None:
    geometry = Geometry(8, 4, 4, 4)
    card = SimpleNamespace(name="toy", n_tracks=1, geometry=geometry, input_length=8)
    model: Any = SimpleNamespace(card=card, session=CountG())
    fasta = tmp_path / "a.fa"
    fasta.write_text(
        f">long\n{'A' * 9}GGG{'A' * 9}\n>short\nGG\n>exact\n{'G' * 8}\n>empty_of_g\nAC\n"
    )
    with Fasta(fasta) as sequences:
        found = score_sequences(model, sequences)
    assert [tuple(one) for one in found] == [
        ("long", 3.0, 4),
        ("short", 2.0, -3),
        ("exact", 8.0, 0),
        ("empty_of_g", 0.0, -3),
    ]


def test_models_of_several_values_are_refused(tmp_path: Path) -> None:
    fasta = tmp_path / "a.fa"
    fasta.write_text(">a\nACGT\n")
    model = OpenModel(registry.entry("pwm_ctcf"), SessionOptions(device="cpu", threads=1))
    with Fasta(fasta) as sequences, pytest.raises(InputError, match="several values a window"):
        score_sequences(model, sequences)
