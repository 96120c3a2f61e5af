"""Tables of k-mers: strands, ends, unknown bases, faults."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.sequence.onehot import encode
from zooctl.training.data.kmer_table import read_kmer_column

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def table(path: Path, k: int = 3, both: bool = False) -> dict[str, float]:
    """A table of the k-mers that are at most their reverse complement; the value of every k-mer."""
    words = ["".join(letters) for letters in itertools.product("ACGT", repeat=k)]
    values = {}
    for number, word in enumerate(words):
        turned = word.translate(COMPLEMENT)[::-1]
        values[word] = values.get(turned, number / 10)
    kept = [w for w in words if both or w <= w.translate(COMPLEMENT)[::-1]]
    lines = [f"{word}\t1\t{values[word]}" for word in kept]
    path.write_text("\n".join(["kmer\tMGW\tRoll", *lines]) + "\n")
    return values


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("both", [True, False])
def test_values_are_those_of_a_loop(tmp_path: Path, k: int, both: bool) -> None:
    values = table(tmp_path / "t.tsv", k, both)
    text = "ACGTNNACCATGA"
    found = read_kmer_column(tmp_path / "t.tsv", "Roll").along(encode(text.encode()))
    mean = np.mean(list(values.values()))
    for place in range(len(text)):
        first = place - k // 2
        word = text[first : first + k] if first >= 0 else ""
        assert found[place] == pytest.approx(values.get(word, mean), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("kmer\tMGW\nAAA\t1\n", "lacks k-mers"),
        ("kmer\tMGW\nAXA\t1\n", "does not begin with a k-mer"),
        ("kmer\tMGW\nAAA\t1\nAA\t1\n", "does not begin with a k-mer"),
        ("kmer\tMGW\nAAA\tx\n", "not a number"),
        ("kmer\tMGW\nAAAAAAAAA\t1\n", "too long"),
        ("kmer\tRoll\nAAA\t1\n", "no such column"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(InputError, match=what):
        read_kmer_column(tmp_path / "t.tsv", "MGW")
