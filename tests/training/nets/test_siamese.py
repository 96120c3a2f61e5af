"""The siamese network: antisymmetry, locality, learning, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.profile import BPNetSizes
from zooctl.training.nets.siamese import Siamese


def siamese(bin_size: int = 32) -> Siamese:
    """A siamese network on a small trunk."""
    torch.manual_seed(0)
    trunk = BPNetSizes(key="bpnet", filters=6, dilated_layers=2)
    lengths = {"input_length": 256, "bin_size": bin_size, "n_tracks": 2}
    return make(Siamese, trunk=trunk, hidden=7, **lengths).eval()


def variant(measure) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows and the same with another base at 128."""
    reference = measure.one_hot(3, 256)
    alternative = reference.clone()
    alternative[..., 128] = reference[..., 128].roll(1, -1)
    return reference, alternative


def test_has_its_trunks_count_and_a_linear_layer(measure):
    trunk = measure.keras_count(lambda: siamese().trunk)[0]
    assert measure.keras_count(siamese) == (trunk + 7 * 2,) * 2


@pytest.mark.parametrize("bin_size", [1, 32, 256])
def test_gives_one_effect_a_bin(measure, bin_size):
    assert siamese(bin_size)(*variant(measure)).shape == (3, 2, 256 // bin_size)


def test_equal_alleles_have_no_effect(measure):
    reference, _ = variant(measure)
    assert siamese()(reference, reference).abs().max() == 0


def test_exchanged_alleles_change_the_sign(measure):
    reference, alternative = variant(measure)
    net = siamese()
    effect = net(reference, alternative)
    assert effect.abs().max() > 0
    torch.testing.assert_close(net(alternative, reference), -effect)


def test_effect_stays_within_the_trunks_reach(measure):
    """25 + 2·(2 + 4) + 6 bases around the variant: 21 to either side."""
    effect = siamese(1)(*variant(measure))
    touched = effect.abs().sum((0, 1)).nonzero().flatten()
    assert touched.min() >= 128 - 21
    assert touched.max() <= 128 + 21


def test_alternative_is_required(measure):
    with pytest.raises(InputError):
        siamese()(measure.one_hot(1, 256))


def test_learns(measure):
    net = siamese().train()
    reference, alternative = variant(measure)
    (net(reference, alternative) - 1).square().mean().backward()
    weights = [p for name, p in net.named_parameters() if not name.endswith("profile.bias")]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in weights)


def test_onnx_gives_the_same(measure):
    assert measure.onnx_parity(siamese(), *variant(measure)) < 1e-5
