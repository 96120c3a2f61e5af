"""Filters that begin as motifs: the odds, the norm, the best match of the filter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from toy_nets import make

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.training.nets.basset import Basset
from zooctl.training.nets.kmer_dense import KmerDense
from zooctl.training.nets.parts.motif_filters import placed_log_odds, start_as_motifs

BOX = Motif("box", np.array([[0.0, 0, 20, 0], [20, 0, 0, 0], [0, 0, 0, 20], [20, 0, 0, 0]]))


def test_a_filter_matches_its_motif_best_and_keeps_its_norm():
    torch.manual_seed(0)
    net = make(Basset, input_length=256, bin_size=256, n_tracks=1)
    layer = net.trunk[0][0][0]
    before = layer.weight.detach().clone()
    assert start_as_motifs(net, [BOX]) == 1
    filter_ = layer.weight.detach()[0]
    assert filter_.norm() == pytest.approx(float(before[0].norm()), rel=1e-6)
    assert torch.equal(layer.weight[1:], before[1:])
    assert filter_[:, 3:7].argmax(dim=0).tolist() == [2, 0, 3, 0]
    assert filter_[:, :3].abs().sum() == filter_[:, 7:].abs().sum() == 0


def test_a_long_motif_is_cut_to_its_most_informative_stretch():
    flat = [[5.0, 5, 5, 5]] * 3
    long = Motif("long", np.array([*flat, *BOX.counts.tolist(), [5, 5, 5, 5]]))
    np.testing.assert_allclose(placed_log_odds(long, 4), BOX.log_odds().T)


def test_more_motifs_than_filters_fill_them_all():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(4, 2, 4))
    assert start_as_motifs(net, [BOX] * 5) == 2


def test_a_network_without_filters_is_refused():
    net = make(KmerDense, input_length=64, bin_size=32, n_tracks=1, k=2)
    with pytest.raises(InputError, match="no convolution over bases"):
        start_as_motifs(net, [BOX])
    assert start_as_motifs(net, []) == 0
