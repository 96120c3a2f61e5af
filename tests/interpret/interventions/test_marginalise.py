"""A rule planted in a toy network is found with its sizes; and CTCF's in the published one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from toy_model import pin, toy_zoo  # noqa: F401
from toy_rule import DISTANCE, FIRST, SECOND, SIZES, number, numbers, plant_rule

from zooctl.catalog import registry
from zooctl.errors import InputError, VerificationError
from zooctl.files.intervals.regions import regions_of
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.interventions.backgrounds import shuffled_backgrounds, uniform_backgrounds
from zooctl.interpret.interventions.folder import write_folder
from zooctl.interpret.interventions.marginalise import (
    Marginalisation,
    marginalise,
)
from zooctl.interpret.interventions.occlude import occlude
from zooctl.interpret.interventions.pattern import parse_pattern
from zooctl.interpret.interventions.spacing import parse_spacing, usable_distances
from zooctl.interpret.options import MarginaliseOptions
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, decode, encode

CPU = SessionOptions(device="cpu", threads=1)


@pytest.fixture
def toy(toy_zoo: Path) -> OpenModel:  # noqa: F811
    plant_rule(toy_zoo)
    return OpenModel(registry.entry("toy"), CPU)


def run(model: OpenModel, pattern: str, **options: object) -> Marginalisation:
    settings = {"track": "plus", "n": 40, "background": "uniform", "seed": 3} | options
    return marginalise(model, pattern, MarginaliseOptions(**settings))  # type: ignore[arg-type]


def test_the_size_of_a_rule(toy: OpenModel) -> None:
    found = run(toy, FIRST).embedding
    backgrounds = [decode(row) for row in uniform_backgrounds(40, 64, 3)]
    planted = [text[:29] + FIRST + text[35:] for text in backgrounds]
    expected = np.array([number(a) - number(b) for a, b in zip(planted, backgrounds, strict=True)])
    assert found.effect.mean == pytest.approx(expected.mean())
    assert found.effect.mean == pytest.approx(SIZES[0], abs=0.3)
    assert found.effect.low <= expected.mean() <= found.effect.high
    # The rule knows one strand alone.
    assert abs(found.reverse_effect.mean) < 0.3
    assert found.orientation.mean == pytest.approx(
        found.effect.mean - found.reverse_effect.mean, abs=1e-6
    )


def test_another_track(toy: OpenModel) -> None:
    plus, minus = (run(toy, FIRST, track=name).embedding.effect.mean for name in ("plus", "minus"))
    assert minus == pytest.approx(plus / 2)
    with pytest.raises(InputError, match="for one track"):
        run(toy, FIRST, track=None)


def test_the_distance_and_the_size_of_a_bonus(toy: OpenModel) -> None:
    found = run(toy, FIRST, second=SECOND, spacing="-14:20")
    assert {pair.distance for pair in found.pairs} == {*range(-14, -5), *range(6, 21)}
    for pair in found.pairs:
        is_there = (pair.distance, pair.orientation) == (DISTANCE, "+")
        # GGATCC is its own reverse complement.
        bonus = SIZES[2] if pair.distance == DISTANCE else 0.0
        assert pair.cooperativity.mean == pytest.approx(bonus, abs=0.4), pair
        assert pair.second.mean == pytest.approx(SIZES[1], abs=0.4)
        if is_there:
            assert pair.both.mean == pytest.approx(sum(SIZES), abs=0.4)
    assert found.second is not None
    assert found.second.effect.mean == pytest.approx(SIZES[1], abs=0.3)


def test_flanks_find_the_rest_of_a_word(toy: OpenModel) -> None:
    found = run(toy, FIRST[1:-1], flanks=3, n=60).flanks
    assert found is not None
    assert found.offsets == (-3, -2, -1, 1, 2, 3)
    at = dict(zip(found.offsets, found.means, strict=True))
    # A quarter of the backgrounds has the other end of the word by chance.
    gain = SIZES[0] * 0.25
    np.testing.assert_allclose(at[-1], gain * (np.eye(4)[0] - 0.25), atol=0.25)
    np.testing.assert_allclose(at[1], gain * (np.eye(4)[2] - 0.25), atol=0.25)
    assert max(abs(at[offset]).max() for offset in (-3, -2, 2, 3)) < 0.15


def test_the_effect_of_a_flank_by_a_loop(toy: OpenModel) -> None:
    found = run(toy, FIRST[1:-1], flanks=1, n=12)
    assert found.flanks is not None
    planted = found.embedding.planted
    for offset, at, row in zip((-1, 1), (29, 34), found.flanks.effects, strict=True):
        values = np.empty((12, 4))
        for base in range(4):
            changed = planted.copy()
            changed[:, at] = base
            values[:, base] = numbers(changed)
        expected = (values - values.mean(axis=1, keepdims=True)).mean(axis=0)
        assert [effect.mean for effect in row] == pytest.approx(expected.tolist(), abs=1e-6), offset


def test_sites_taken_out_one_after_the_other() -> None:
    window = "C" * 5 + FIRST + "C" * 5 + FIRST + "C" * 10 + FIRST
    rows = np.stack([encode(window.encode()), encode(("C" * len(window)).encode())])
    places = [[(5, 11), (16, 22), (32, 38)], []]
    found = occlude(numbers, rows, places, n_draws=3, seed=1)
    assert [(one.sites, one.occluded, one.effect.n) for one in found] == [
        (3, n, 1) for n in (1, 2, 3)
    ]
    assert [one.left for one in found] == pytest.approx([2 / 3, 1 / 3, 0])
    assert [one.effect.mean for one in found] == pytest.approx([-3, -6, -9])


def test_sites_that_a_model_does_not_see(toy: OpenModel, tmp_path: Path) -> None:
    genome = tmp_path / "genome.fa"
    genome.write_text(f">chr1\n{'C' * 297}GAGTGA{'C' * 297}\n")
    found = marginalise(
        toy,
        "GAGTGA",
        MarginaliseOptions(track="plus", n=10, background="uniform", occlude=True, fasta=genome),
        regions_of(["chr1:300-301"]),
    )
    # Nothing is left, and nothing was there: no share, and JSON that is valid.
    assert [one.left for one in found.occlusions] == [None]
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["occlusions"][0]["left"] is None
    write_folder(found, tmp_path)
    header, row = (tmp_path / "occlusion.tsv").read_text().splitlines()
    assert dict(zip(header.split("\t"), row.split("\t"), strict=True))["left"] == "."


def test_a_prediction_that_is_no_number(toy_zoo: Path) -> None:  # noqa: F811
    plant_rule(toy_zoo)
    path = toy_zoo / "zoo/toy/model.onnx"
    proto = onnx.load(path)
    (sizes,) = (one for one in proto.graph.initializer if one.name == "sizes")
    broken = numpy_helper.to_array(sizes) * np.float32(np.nan)
    sizes.CopyFrom(numpy_helper.from_array(broken, "sizes"))
    onnx.save(proto, path)
    pin(toy_zoo)
    with pytest.raises(VerificationError, match="not a finite number"):
        run(OpenModel(registry.entry("toy"), CPU), FIRST)


def test_occlusion_in_regions(toy: OpenModel, tmp_path: Path) -> None:
    letters = np.random.default_rng(1).choice(list("ACGT"), 600)
    letters[280:286] = list(FIRST)
    letters[310:316] = list(FIRST)
    genome = tmp_path / "genome.fa"
    genome.write_text(f">chr1\n{''.join(letters)}\n")
    options = MarginaliseOptions(track="plus", n=10, occlude=True, fasta=genome, draws=4)
    said: list[str] = []
    found = marginalise(
        toy, FIRST, options, regions_of(["chr1:300-301", "chr1:500-501"]), say=said.append
    )
    assert [(one.sites, one.occluded) for one in found.occlusions] == [(2, 1), (2, 2)]
    assert [one.left for one in found.occlusions] == pytest.approx([0.5, 0.0], abs=0.01)
    assert json.loads(json.dumps(found.to_json()))["occlusions"][1]["left"] == pytest.approx(0)
    none = marginalise(toy, SECOND, options, regions_of(["chr1:500-501"]), say=said.append)
    assert none.occlusions == ()
    assert said[-1] == f"warning: no window has a site of {SECOND}"


def test_backgrounds_keep_dinucleotides() -> None:
    class Genome:
        contigs = {"chr1": 5000}  # noqa: RUF012
        codes = np.random.default_rng(2).choice(4, 5000, p=[0.4, 0.1, 0.2, 0.3]).astype(np.uint8)

        def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
            return self.codes[start:end]

    def pairs(codes: Codes) -> list[int]:
        return np.bincount(codes[:-1] * 4 + codes[1:], minlength=16).tolist()

    genome = Genome()
    region = Interval("chr1", 1000, 1100)
    rows = shuffled_backgrounds(genome, 3, 100, 5, regions=[region])
    assert len({decode(row) for row in rows}) == 3
    assert all(pairs(row) == pairs(genome.codes[1000:1100]) for row in rows)
    drawn = shuffled_backgrounds(genome, 2, 100, 5)
    again = shuffled_backgrounds(genome, 2, 100, 5)
    assert (drawn == again).all()
    windows = np.lib.stride_tricks.sliding_window_view(genome.codes, 100)
    known = {tuple(pairs(window)) for window in windows}
    assert all(tuple(pairs(row)) in known for row in drawn)
    with pytest.raises(InputError, match="no contig is as long"):
        shuffled_backgrounds(genome, 2, 6000, 5)


def test_a_genome_that_is_too_small(toy: OpenModel, tmp_path: Path) -> None:
    """The hint works: bases by chance need none."""
    (tmp_path / "small.fa").write_text(">chr1\nACGT\n")
    with pytest.raises(InputError) as caught:
        run(toy, FIRST, background="shuffled", fasta=tmp_path / "small.fa")
    assert caught.value.hint == "--background uniform needs no genome"
    assert run(toy, FIRST, background="uniform").embedding.effect.n == 40


@pytest.mark.parametrize("text", ["", "10", "5:1", "1:2:0", "a:b", "1:2:3:4", "--1:2", "1:2:-1"])
def test_no_distances(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_spacing(text)
    assert caught.value.hint == "--spacing -100:100:10"
    assert parse_spacing("-100:100:10") == range(-100, 101, 10)


def test_distances_leave_room_for_both() -> None:
    first, second = parse_pattern("ACGTAC"), parse_pattern("ACG")
    # The first lies at 7 to 12 of 20 bp.
    assert usable_distances(range(-30, 30), first, second, 20) == [
        *range(-7, -2),
        *range(6, 11),
    ]
    with pytest.raises(InputError, match="without an overlap"):
        usable_distances(range(-2, 3), first, second, 20)


def test_a_motif_is_its_consensus(toy: OpenModel, tmp_path: Path) -> None:
    rows = "\n".join(
        " ".join("9" if base == letter else "0" for base in "ACGT") for letter in FIRST
    )
    (tmp_path / "word.pfm").write_text(f">word\n{rows}\n")
    named = run(toy, "word", motifs=str(tmp_path / "word.pfm"))
    assert named.embedding.pattern.letters == FIRST
    assert named.embedding.effect == run(toy, FIRST).embedding.effect
    with pytest.raises(InputError, match="not a pattern of bases") as caught:
        run(toy, "word")
    assert "--motifs" in str(caught.value.hint)
    with pytest.raises(InputError, match="longer than the window"):
        run(toy, "A" * 65)


def test_the_site_of_ctcf(mirror: Path) -> None:
    """The published network: a site raises the pile-up above a hundredfold, on either strand."""
    model = OpenModel(registry.entry("ctcf_gm12878"), CPU)
    options = MarginaliseOptions(motifs="hocomoco", n=30, seed=1)
    found = marginalise(model, "CTCF_HUMAN.H11MO.0.A", options).embedding
    assert found.log2_ratio is not None
    assert found.log2_ratio > 7
    assert found.reverse_effect.low > 30
    nothing = marginalise(model, "CCCTTTAAAGGGAAATTTA", MarginaliseOptions(n=30, seed=1)).embedding
    assert abs(nothing.effect.mean) < 1
