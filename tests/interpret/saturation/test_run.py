"""Effects of all changes are those of score-variants; measured ones lie beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import zooctl
from zooctl.catalog import registry
from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.options import MutateOptions
from zooctl.interpret.saturation.measured import pearson
from zooctl.interpret.saturation.run import mutate, write_saturation

SITE = "chr21:39,731,901-39,731,908"
SEQUENCE = "CCAACAGG"  # of hg19


def model(name: str) -> OpenModel:
    return OpenModel(registry.entry(name), SessionOptions(device="cpu", threads=1))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """An element of sequence and effects: those of C to A and of A to C are large."""
    lines = ["chrom\tpos\tref\talt\tvalue\tn\telement\tassembly"]
    for at, ref in enumerate(SEQUENCE * 20):
        for alt in "ACGT".replace(ref, ""):
            value = {"CA": 1.0, "AC": -1.0}.get(ref + alt, 0.01 * at)
            n = 5 if at == 3 else 20
            lines.append(f"chrX\t{at + 101}\t{ref}\t{alt}\t{value}\t{n}\tmade\thg19")
    lines.append("chrX\t1\tA\tC\t0\t20\tother\thg19")
    path = tmp_path / "effects.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_scores_are_those_of_score_variants() -> None:
    found = mutate(model("ctcf_gm12878"), SITE, MutateOptions(shifts=3, deletions=2))
    assert "".join("ACGT"[code] for code in found.codes) == SEQUENCE
    variants = [
        f"chr21:{39_731_901 + at} {ref}>{alt}"
        for at, ref in enumerate(SEQUENCE)
        for alt in "ACGT"
        if alt != ref
    ]
    own = zooctl.load("ctcf_gm12878", device="cpu", threads=1).score(variants, n_shifts=3)
    snvs = [row for row in found.scores if len(row.ref) == 1]
    assert snvs == list(own)
    assert len(found.scores) - len(snvs) == 8 + 7
    for row in own:
        at = row.start - 39_731_900
        assert found.predicted["ACGT".index(row.alt), at] == row.score
    assert np.isnan(found.predicted).sum() == len(SEQUENCE)
    assert found.unit == "log2 ratio"


def test_measured_effects_of_a_construct(mirror: Path, table: Path) -> None:
    options = MutateOptions(
        track="hepg2_minp_pooled", shifts=1, measured=table, element="made", constructs=True
    )
    found = mutate(model("mpra_dragonn"), None, options)
    assert found.region == ("made", 0, 160)
    assert found.measured is not None
    assert found.measured[0, 0] == 1.0  # C to A at the first base
    assert np.isnan(found.measured[:, 3]).all()  # too few barcodes
    assert np.isfinite(found.predicted).sum() == 3 * 160
    assert (found.correlation, found.n) == pearson(found.predicted, found.measured)


def test_a_table_and_pictures(tmp_path: Path) -> None:
    written, paths = write_saturation(
        model("pwm_ctcf"), SITE, f"{tmp_path}/", MutateOptions(shifts=1)
    )
    assert [path.suffix for path in paths] == [".tsv", ".png"]
    rows = [line.split("\t") for line in paths[0].read_text().splitlines()]
    assert rows[0][:7] == ["chrom", "pos", "ref", "alt", "track", "statistic", "kind"]
    assert rows[1][:4] == ["chr21", "39731901", "C", "A"]
    assert float(rows[1][8]) == pytest.approx(written.scores[0].score, rel=1e-5)
    assert {len(row) for row in rows} == {len(rows[0])}
    with pytest.raises(InputError, match="output exists"):
        write_saturation(model("pwm_ctcf"), SITE, f"{tmp_path}/", MutateOptions())


@pytest.mark.parametrize(
    ("region", "options", "what"),
    [
        (None, {}, "say which region"),
        (SITE, {"constructs": True}, "reads an element"),
        ("chr21:1-10", {}, "no known base"),
        ("chr21:30,000,000-30,100,000", {}, "too long"),
    ],
)
def test_refused(region: str | None, options: dict[str, bool], what: str) -> None:
    with pytest.raises(InputError, match=what):
        mutate(model("pwm_ctcf"), region, MutateOptions(**options))  # type: ignore[arg-type]


def test_elements_of_a_table(table: Path) -> None:
    with pytest.raises(InputError, match="several elements"):
        mutate(model("pwm_ctcf"), None, MutateOptions(measured=table, constructs=True))
    with pytest.raises(InputError, match="no such element"):
        mutate(model("pwm_ctcf"), None, MutateOptions(measured=table, element="F9"))


@pytest.mark.slow
def test_the_measured_map_of_f9(mirror: Path, tmp_path: Path) -> None:
    """The figure of the card, 0.624, over all SNVs of the element with ten barcodes."""
    options = MutateOptions(
        track="hepg2_minp_pooled",
        shifts=21,
        max_shift=60,
        measured=mirror / "mpra_satmut/elements.tsv.gz",
        element="F9",
        constructs=True,
    )
    found, (picture,) = write_saturation(
        model("mpra_dragonn"), None, str(tmp_path / "f9.png"), options
    )
    assert found.n == 888
    assert found.correlation == pytest.approx(0.624, abs=0.001)
    assert picture.stat().st_size > 50_000
