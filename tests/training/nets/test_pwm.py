"""The PWM scan against a slow one written out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_nets import make

from zooctl.errors import InputError
from zooctl.training.nets.pwm import PwmScan, log_odds

# CACGTG, the E-box, reads the same on both strands; GATA does not.
EBOX = [[0, 8, 0, 0], [8, 0, 0, 0], [0, 8, 0, 0], [0, 0, 8, 0], [0, 0, 0, 8], [0, 0, 8, 0]]
GATA = [[0, 0, 8, 0], [8, 0, 0, 0], [0, 0, 0, 8], [8, 0, 0, 0]]
BASES = "ACGT"


def scan(motifs: list[list[list[float]]], **values: object) -> PwmScan:
    """The scan with one track a motif."""
    return make(PwmScan, motifs=motifs, n_tracks=len(motifs), **values)


def encoded(sequence: str) -> torch.Tensor:
    """One-hot ``(1, 4, length)``; N is nothing."""
    return torch.tensor([[[float(base == b) for base in sequence] for b in BASES]])


def slow_scan(sequence: str, counts: list[list[float]], bin_size: int) -> list[float]:
    """Best score of every bin, by trying every place on both strands."""
    table = log_odds(counts, pseudocount=1.0).numpy()
    width = table.shape[1]
    bins = np.full(len(sequence) // bin_size, table.min(axis=0).sum())
    for start in range(len(sequence) - width + 1):
        site = sequence[start : start + width]
        forward = sum(table[BASES.index(b), i] for i, b in enumerate(site) if b in BASES)
        reversed_table = table[::-1, ::-1]
        reverse = sum(reversed_table[BASES.index(b), i] for i, b in enumerate(site) if b in BASES)
        place = (start + (width - 1) // 2) // bin_size
        bins[place] = max(bins[place], forward, reverse)
    return bins.tolist()


def test_log_odds_by_hand():
    """8 of 8 with pseudocount 1: (8.25 / 9) / 0.25; a base not seen: (0.25 / 9) / 0.25."""
    table = log_odds([[8, 0, 0, 0]], pseudocount=1.0)
    assert table.shape == (4, 1)
    assert table[0, 0] == pytest.approx(math.log2(8.25 / 9 * 4))
    assert table[1, 0] == pytest.approx(math.log2(1 / 9))


@settings(max_examples=40, deadline=None)
@given(
    st.text("ACGTN", min_size=48, max_size=48),
    st.sampled_from([1, 2, 4, 16, 48]),
    st.lists(st.lists(st.floats(0, 20), min_size=4, max_size=4), min_size=1, max_size=7),
)
def test_finds_what_a_slow_scan_finds(sequence, bin_size, counts):
    """Together with a wider and a narrower motif, which must not move it."""
    net = scan([GATA, counts, EBOX], input_length=48, bin_size=bin_size)
    found = net(encoded(sequence))[0]
    for track, table in zip(found, (GATA, counts, EBOX), strict=True):
        np.testing.assert_allclose(track, slow_scan(sequence, table, bin_size), atol=1e-4)


def test_hit_is_found_on_either_strand():
    """GATA, and TATC on the other strand."""
    net = scan([GATA], input_length=20, bin_size=20)
    best = float(log_odds(GATA, pseudocount=1.0).amax(0).sum())
    for site in ("GATA", "TATC"):
        assert net(encoded("C" * 10 + site + "C" * 6)).item() == pytest.approx(best)


def test_output_is_the_centre():
    """A hit in the flank is not in the output."""
    whole = scan([EBOX], input_length=40, bin_size=20)
    centre = scan([EBOX], input_length=40, output_length=20, bin_size=20)
    sequence = encoded("CACGTG" + "A" * 34)
    assert whole(sequence)[0, 0, 0] > 9
    assert centre(sequence).item() < 0


def test_nothing_is_trained():
    net = scan([EBOX], input_length=40, bin_size=20)
    net.set_output_bias(3.0)
    assert not list(net.parameters())


def test_calibrated_scores_are_logits_that_begin_at_the_mean_where_the_score_is_0(measure):
    x = measure.one_hot(3, 64)
    scores = scan([EBOX, GATA], input_length=64, bin_size=64)(x)
    net = scan([EBOX, GATA], input_length=64, bin_size=64, calibrated=True)
    net.set_output_bias(torch.tensor([0.1, 0.5]))
    assert net.output == "logit"
    assert sum(p.numel() for p in net.parameters()) == 2 * 2
    offset = torch.logit(torch.tensor([0.1, 0.5]))[None, :, None]
    torch.testing.assert_close(net(x), 0.1 * scores + offset)
    assert measure.onnx_parity(net, x) < 1e-5


def test_motif_longer_than_the_window_is_refused():
    with pytest.raises(InputError, match="longer than the window"):
        scan([EBOX], input_length=4, bin_size=4)


@pytest.mark.parametrize("bin_size", [1, 64])
def test_onnx_gives_the_same(measure, bin_size):
    net = scan([EBOX, GATA], input_length=64, bin_size=bin_size)
    assert measure.onnx_parity(net, measure.one_hot(3, 64)) < 1e-5


def test_a_motif_is_compared_with_the_recipe_s_background():
    """By hand: a site of either strand against the frequencies of the given one."""
    background = (0.3, 0.2, 0.1, 0.4)
    net = scan([GATA], input_length=4, bin_size=4, background=background)
    frequency = dict(zip(BASES, background, strict=True))
    for site in ("GATA", "TATC"):
        expected = sum(math.log2(8.25 / 9 / frequency[base]) for base in site)
        assert net(encoded(site)).item() == pytest.approx(expected, abs=1e-5)
    even = scan([GATA], input_length=4, bin_size=4)
    assert even(encoded("GATA")).item() == pytest.approx(4 * math.log2(8.25 / 9 * 4), abs=1e-5)


def test_frequencies_of_a_background_add_up_to_one():
    with pytest.raises(ValueError, match="do not add up to 1"):
        scan([GATA], input_length=4, bin_size=4, background=(0.3, 0.3, 0.3, 0.3))
