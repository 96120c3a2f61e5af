"""The networks, one file a family, and ``build``, which makes one from the sizes in a recipe."""

from __future__ import annotations

from collections.abc import Mapping

from zooctl.schema.fields import Values
from zooctl.schema.recipe.networks import classes, network, profile, window
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.nets.basset import Basset
from zooctl.training.nets.binary import ConvBinary, ResidualBinary
from zooctl.training.nets.bpnet import OriginalBPNet
from zooctl.training.nets.danq import DanQ
from zooctl.training.nets.deepbind import DeepBind
from zooctl.training.nets.deepsea import DeepSea
from zooctl.training.nets.factornet import FactorNet
from zooctl.training.nets.kmer_context import KmerContext
from zooctl.training.nets.kmer_dense import KmerDense
from zooctl.training.nets.multi_head import MultiHead
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.parts.window import NetWindow
from zooctl.training.nets.pwm import PwmScan
from zooctl.training.nets.siamese import Siamese
from zooctl.training.nets.tf_thesis import ThesisDeep, ThesisShallow
from zooctl.training.nets.tf_thesis_multi import ThesisClasses, ThesisMultiTask, ThesisTss
from zooctl.training.nets.trunk_head import TrunkHead
from zooctl.training.nets.trunks import TRUNKS

NETWORKS: Mapping[type[Values], type[Network]] = {
    **TRUNKS,
    profile.OriginalBPNetSizes: OriginalBPNet,
    profile.KmerContextSizes: KmerContext,
    profile.KmerDenseSizes: KmerDense,
    window.ConvBinarySizes: ConvBinary,
    window.ResidualBinarySizes: ResidualBinary,
    window.BassetSizes: Basset,
    window.DeepSeaSizes: DeepSea,
    window.DanQSizes: DanQ,
    window.DeepBindSizes: DeepBind,
    window.FactorNetSizes: FactorNet,
    window.ThesisShallowSizes: ThesisShallow,
    window.ThesisDeepSizes: ThesisDeep,
    window.ThesisMultiTaskSizes: ThesisMultiTask,
    classes.ThesisClassesSizes: ThesisClasses,
    classes.ThesisTssSizes: ThesisTss,
    network.PwmScanSizes: PwmScan,
    network.SiameseSizes: Siamese,
    network.MultiHeadSizes: MultiHead,
    network.TrunkHeadSizes: TrunkHead,
}


def build(sizes: network.NetworkSizes, window: NetWindow) -> Network:
    """Return the network of these sizes, with start values from torch's generator.

    Raises:
        InputError: The lengths or inputs do not fit the network.

    >>> bpnet = profile.BPNetSizes(key="bpnet", filters=8)
    >>> build(bpnet, NetWindow(2048, output_length=1024, bin_size=32, n_tracks=1)).n_bins
    32
    """
    return NETWORKS[type(sizes)](sizes, window)


def network_of(recipe: Recipe) -> Network:
    """Return the network that a recipe describes, with start values from torch's generator.

    Its second input are the recipe's controls or, per base, its inputs.

    Raises:
        InputError: The lengths or inputs do not fit the network.
    """
    lengths = recipe.window
    return build(
        recipe.network,
        NetWindow(
            input_length=lengths.input_length,
            output_length=lengths.output_length,
            bin_size=lengths.bin_size,
            n_tracks=len(recipe.targets),
            n_controls=len(recipe.controls) + len(recipe.inputs),
        ),
    )
