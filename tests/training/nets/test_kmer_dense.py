"""Dense layers on k-mers: counts by a loop over letters, strands, bins."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from toy_nets import make

from zooctl.sequence.onehot import decode, encode, reverse_complement
from zooctl.training.nets.kmer_dense import KmerDense


def net_of(**sizes: object) -> KmerDense:
    torch.manual_seed(0)
    given = {"input_length": 64, "bin_size": 32, "n_tracks": 2, "k": 3}
    return make(KmerDense, **{**given, **sizes}).eval()


def test_counts_are_those_of_letters_on_both_strands(measure):
    """The first layer reads, for each k-mer or its reverse complement, how often it is there."""
    net, x = net_of(), measure.one_hot(1, 64)
    seen = []
    net.hidden.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    net(x)
    text = decode(x[0].argmax(0).numpy().astype("uint8"))
    for number in range(2):
        counts = Counter()
        for middle in range(32 * number, 32 * number + 32):
            word = text[middle - 1 : middle + 2] if middle else ""
            if len(word) == 3:
                turned = decode(reverse_complement(encode(word.encode())))
                counts[min(word, turned)] += 1
        words = sorted({min(w, r) for w, r in all_words()})
        assert seen[0][0, :, number].tolist() == [counts[word] for word in words]


def all_words() -> list[tuple[str, str]]:
    words = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
    return [(word, decode(reverse_complement(encode(word.encode())))) for word in words]


def test_both_strands_give_the_same_in_reverse_order(measure):
    """Odd k: a k-mer and its reverse complement have one middle base."""
    net, x = net_of(), measure.one_hot(2, 64)
    torch.testing.assert_close(net(torch.flip(x, (1, 2))).flip(2), net(x))


def test_without_hidden_layers_it_is_logistic_regression(measure):
    net = net_of(hidden=())
    assert [type(layer).__name__ for layer in net.hidden] == ["BatchNorm1d"]
    assert sum(p.numel() for p in net.parameters()) == 2 * 32 + 2 * 32 + 2


def test_gradients_reach_the_bases(measure):
    net, x = net_of(), measure.one_hot(2, 64).requires_grad_()
    net(x).sum().backward()
    assert x.grad.abs().sum() > 0
    torch.testing.assert_close(net(x.detach()), net(x))


@pytest.mark.parametrize("activation", ["relu", "maxout"])
def test_onnx_gives_the_same(measure, activation):
    net = net_of(activation=activation, hidden=(8, 4))
    assert measure.onnx_parity(net, measure.one_hot(3, 64)) < 1e-5
