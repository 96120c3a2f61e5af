"""K-mer counts against counting one by one; parameters, reach, strands, ONNX form."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from toy_nets import make
from toy_onehot import to_onehot

from zooctl.errors import InputError
from zooctl.sequence.onehot import encode
from zooctl.training.nets.kmer_context import (
    KmerContext,
    kmer_counts,
    reverse_complements,
    smooth_kmer_counts,
)

BASES = "ACGT"


def small(**sizes: object) -> KmerContext:
    """A network of this form that a test can afford, with running statistics of its own."""
    torch.manual_seed(0)
    given = {"input_length": 640, "n_tracks": 2, "bin_size": 32, "k": 3, "embedding": 5}
    net = make(KmerContext, **{**given, "filters": 6, "dilated_layers": 2, **sizes})
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    return net.eval()


def tensor(text: str, unknown_base: float) -> Tensor:
    """A sequence as one-hot, ``(1, 4, length)``."""
    return torch.from_numpy(to_onehot(encode(text.encode())[None], unknown_base))


def counted(text: str, k: int, bin_size: int) -> np.ndarray:
    """K-mers of known bases by the bin of their middle base, counted in the text."""
    counts = np.zeros((4**k, len(text) // bin_size), np.float32)
    for start in range(len(text) - k + 1):
        kmer = text[start : start + k]
        if "N" not in kmer:
            number = sum(BASES.index(base) * 4 ** (k - 1 - i) for i, base in enumerate(kmer))
            counts[number, (start + k // 2) // bin_size] += 1
    return counts


@given(
    text=st.text(alphabet="ACGTN", min_size=24, max_size=24),
    k=st.integers(2, 4),
    bin_size=st.sampled_from([6, 8, 24]),
    unknown_base=st.sampled_from([0.0, 0.25]),
)
def test_counts_are_those_of_the_text(text, k, bin_size, unknown_base):
    x, expected = tensor(text, unknown_base), counted(text, k, bin_size)
    assert np.array_equal(kmer_counts(x, k, bin_size)[0], expected)
    assert np.array_equal(smooth_kmer_counts(x, k, bin_size)[0], expected)


def test_windows_of_a_batch_are_counted_apart():
    texts = ["ACGTACGTACGT", "AAAAAAAACCCC", "NNNNGTNNGTGT"]
    found = kmer_counts(torch.cat([tensor(text, 0.0) for text in texts]), 2, 4)
    for row, text in zip(found, texts, strict=True):
        assert np.array_equal(row, counted(text, 2, 4))


@pytest.mark.parametrize("k", [2, 3, 5])
def test_reverse_complements_of_all_kmers(k):
    kmers = ["".join(BASES[kmer // 4**i % 4] for i in reversed(range(k))) for kmer in range(4**k)]
    expected = [kmer[::-1].translate(str.maketrans("ACGT", "TGCA")) for kmer in kmers]
    assert [kmers[i] for i in reverse_complements(k)] == expected
    assert Counter(reverse_complements(k)) == Counter(range(4**k))


def test_has_the_count_of_its_layers(measure):
    embedding = 4**5 * 32 + 2 * 32
    widened = (32 + 1) * 64
    residual = 2 * 64 + (5 * 64 + 1) * 64 + (64 + 1) * 64
    trainable, _ = measure.keras_count(
        lambda: make(KmerContext, input_length=131_072, n_tracks=1, bin_size=512)
    )
    assert trainable == embedding + widened + 7 * residual + 2 * 64 + (64 + 1) == 208_961


@pytest.mark.parametrize("bin_size", [16, 32, 128])
def test_gives_one_value_a_bin(measure, bin_size):
    assert small(bin_size=bin_size)(measure.one_hot(2, 640)).shape == (2, 2, 640 // bin_size)


def test_predicts_the_centre_when_output_is_shorter(measure):
    whole, centre = small(), small(output_length=128)
    centre.load_state_dict(whole.state_dict())
    x = measure.one_hot(2, 640)
    torch.testing.assert_close(centre(x), whole(x)[:, :, 8:12])


@pytest.mark.parametrize(
    ("layers", "kernel", "bins"), [(0, 3, 0), (1, 3, 1), (3, 3, 7), (1, 5, 2), (2, 5, 6)]
)
def test_reads_the_bins_around_and_kmers_that_reach_in(measure, layers, kernel, bins):
    """Dilations 1, 2, 4, … reach 2^layers - 1 bins, or twice that, and 3-mers a base more."""
    sizes = {"dilated_layers": layers, "kernel": kernel, "embedding": 32, "filters": 32}
    net = small(**sizes).double()
    x = measure.one_hot(1, 640).double().requires_grad_()
    net(x)[0, :, 10].sum().backward()
    read = x.grad.abs().sum(dim=1)[0].nonzero()[:, 0]
    assert read.min() >= (10 - bins) * 32 - 1
    assert read.max() <= (11 + bins) * 32
    assert read.max() - read.min() > 32 * (2 * bins)


def test_gradient_is_the_effect_of_a_base(measure):
    """Of counts themselves, which are linear in a base, it is the exact difference."""
    x = measure.one_hot(1, 64).double().requires_grad_()
    weights = torch.rand(64, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    total = (smooth_kmer_counts(x, 3, 32)[0] * weights).sum()
    total.backward()
    before = int(x[0, :, 30].argmax())
    for base in range(4):
        changed = x.detach().clone()
        changed[0, :, 30] = torch.eye(4, dtype=torch.float64)[base]
        effect = (kmer_counts(changed, 3, 32)[0] * weights).sum() - total
        torch.testing.assert_close(effect, x.grad[0, base, 30] - x.grad[0, before, 30])


def test_gradients_change_no_value(measure):
    net, x = small(), measure.one_hot(2, 640)
    torch.testing.assert_close(net(x.clone().requires_grad_()), net(x))


def test_reverse_complement_reverses_the_prediction(measure):
    net, x = small(), measure.one_hot(2, 640)
    torch.testing.assert_close(net(x.flip(1, 2)).flip(2), net(x))


def test_unknown_bases_look_like_all_kmers_in_equal_parts(measure):
    """A gap of the assembly has 32/64 of each 3-mer in its bins."""
    net = small(dilated_layers=0)
    x = measure.one_hot(1, 640)
    x[0, :, 256:512] = 0
    even = net.from_counts(torch.full((1, 64, 1), 32 / 64 + 0.375).sqrt())
    torch.testing.assert_close(net.raw(x)[0, :, 9:15], even[0].expand(2, 6))


def test_training_reads_one_strand(measure):
    net, x = small(dropout=0.0, channel_dropout=0.0), measure.one_hot(2, 640)
    net.train()
    assert not torch.allclose(net(x.flip(1, 2)).flip(2), net(x))


def test_bins_that_do_not_divide_the_flank_are_refused():
    with pytest.raises(InputError, match="pooling does not divide"):
        small(output_length=96 + 32 * 3, input_length=640 + 32)


@pytest.mark.parametrize("k", [2, 5])
def test_onnx_gives_the_same(measure, k):
    x = measure.one_hot(3, 640)
    x[0, :, 100:300] = 0
    assert measure.onnx_parity(small(k=k, output_length=256), x) < 1e-5
