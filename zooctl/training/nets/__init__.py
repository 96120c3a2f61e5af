"""The networks, one file a family, and ``build``, which makes one from the sizes in a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from zooctl.errors import InputError
from zooctl.schema.recipe.networks import profile as sizes
from zooctl.training.nets.basenji import Basenji
from zooctl.training.nets.basset import Basset
from zooctl.training.nets.binary import ConvBinary, ResidualBinary
from zooctl.training.nets.bpnet import BPNet, OriginalBPNet
from zooctl.training.nets.cnn_baseline import CnnBaseline
from zooctl.training.nets.danq import DanQ
from zooctl.training.nets.deepbind import DeepBind
from zooctl.training.nets.deepsea import DeepSea
from zooctl.training.nets.factornet import FactorNet
from zooctl.training.nets.kmer_context import KmerContext
from zooctl.training.nets.parts.blocks import Stage
from zooctl.training.nets.parts.heads import Head, MultiHead
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.pwm import PwmScan
from zooctl.training.nets.residualbind import ResidualBind32, ResidualBindBase
from zooctl.training.nets.siamese import Siamese
from zooctl.training.nets.tf_thesis import ThesisDeep, ThesisShallow
from zooctl.training.nets.tf_thesis_multi import ThesisClasses, ThesisMultiTask


class Family(NamedTuple):
    """A network class, and whether it takes a second input."""

    make: Callable[..., Network]
    takes_controls: bool


FAMILIES: Mapping[str, Family] = {
    "bpnet": Family(BPNet, True),
    "bpnet_original": Family(OriginalBPNet, False),
    "basenji": Family(Basenji, True),
    "cnn_baseline": Family(CnnBaseline, True),
    "residualbind_32": Family(ResidualBind32, True),
    "residualbind_base": Family(ResidualBindBase, True),
    "conv_binary": Family(ConvBinary, False),
    "residual_binary": Family(ResidualBinary, False),
    "basset": Family(Basset, False),
    "deepsea": Family(DeepSea, False),
    "danq": Family(DanQ, False),
    "deepbind": Family(DeepBind, False),
    "factornet": Family(FactorNet, True),
    "thesis_shallow": Family(ThesisShallow, True),
    "thesis_deep": Family(ThesisDeep, True),
    "thesis_multi_task": Family(ThesisMultiTask, True),
    "thesis_classes": Family(ThesisClasses, True),
    "kmer_context": Family(KmerContext, False),
}


def build(
    network: sizes.Network,
    *,
    input_length: int,
    output_length: int,
    bin_size: int,
    n_tracks: int,
    n_controls: int = 0,
) -> Network:
    """Make the network that a recipe describes, with start values from torch's generator.

    Args:
        network: The recipe's network: its key and sizes.
        input_length: Bases read.
        output_length: Bases predicted, centred in the input.
        bin_size: Bases a predicted value covers.
        n_tracks: Tracks predicted.
        n_controls: Tracks of the second input; the twin's alternative allele is not counted.

    Raises:
        InputError: The lengths or inputs do not fit the network.

    >>> net = build(sizes.BPNetSizes(key="bpnet", filters=8), input_length=2048, output_length=1024,
    ...             bin_size=32, n_tracks=1)
    >>> net.n_bins
    32
    """
    lengths = {
        "input_length": input_length,
        "output_length": output_length,
        "bin_size": bin_size,
    }
    if isinstance(network, sizes.PwmScanSizes | sizes.SiameseSizes | sizes.MultiHeadSizes):
        check_inputs(network.key, n_controls, takes_controls=False)
        return build_compound(network, lengths, n_tracks)
    family = FAMILIES[network.key]
    check_inputs(network.key, n_controls, takes_controls=family.takes_controls)
    controls = {"n_controls": n_controls} if family.takes_controls else {}
    return family.make(**values(network), **lengths, **controls, n_tracks=n_tracks)


def check_inputs(key: str, n_controls: int, *, takes_controls: bool) -> None:
    """Refuse a second input for a network that takes none.

    Raises:
        InputError: There are controls.
    """
    if n_controls and not takes_controls:
        raise InputError(
            f"network {key} takes no control", field="controls", got=n_controls, expected=0
        )


def values(network: sizes.Network) -> dict[str, object]:
    """The sizes as arguments: without the key, and without those left to the network."""
    given = {
        name: value
        for name in type(network).model_fields
        if name != "key" and (value := getattr(network, name)) is not None
    }
    if "stages" in given:
        given["stages"] = tuple(Stage(**stage.model_dump()) for stage in given["stages"])
    return given


def build_compound(
    network: sizes.PwmScanSizes | sizes.SiameseSizes | sizes.MultiHeadSizes,
    lengths: Mapping[str, int],
    n_tracks: int,
) -> Network:
    """Make a network that is built around motifs or around another network.

    Raises:
        InputError: The lengths do not fit, or the tracks are not those of the motifs or heads.
    """
    if isinstance(network, sizes.PwmScanSizes):
        check_tracks(len(network.motifs), n_tracks)
        return PwmScan(
            network.motifs,
            input_length=lengths["input_length"],
            output_length=lengths["output_length"],
            bin_size=lengths["bin_size"],
            pseudocount=network.pseudocount,
            calibrated=network.calibrated,
        )
    trunk = build(
        network.trunk,
        input_length=lengths["input_length"],
        output_length=lengths["output_length"],
        bin_size=lengths["bin_size"],
        n_tracks=network.hidden,
    )
    if isinstance(network, sizes.SiameseSizes):
        return Siamese(trunk, n_tracks=n_tracks, input_length=lengths["input_length"])
    check_tracks(sum(head.n_tracks for head in network.heads), n_tracks)
    heads = [Head(head.n_tracks, head.output, head.kind) for head in network.heads]
    return MultiHead(trunk, heads)


def check_tracks(found: int, n_tracks: int) -> None:
    """Refuse a network whose tracks are not those of the recipe.

    Raises:
        InputError: They are more or fewer.
    """
    if found != n_tracks:
        raise InputError(
            "network's tracks are not those of the recipe",
            field="network",
            got=found,
            expected=n_tracks,
        )
