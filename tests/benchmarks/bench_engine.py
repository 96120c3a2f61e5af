"""Speed of what windows share, for SNVs and indels, beside the bare loop, and the differences.

For each network and kind of allele the loop predicts as many ready-made windows as an allele has:
2 x 20 for coverage, and for SpliceAI one of each haplotype and strand, as long as its authors'
program takes them. Both take turns; the largest difference of a mean prediction is relative to the
largest one. SpliceAI's weights come from their authors; without ZOOCTL_DATA_MIRROR or a download
its row is left out, as the table notes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import ZooError
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import decode
from zooctl.sequence.windows import Geometry

sys.path.insert(0, str(Path(__file__).parent))
from bench_score import GENOME, MODEL, Loop, snvs, time_scores

SPLICING = "spliceai"
DISTANCE = 50
GOALS = {
    (MODEL, "SNVs"): 3.0,
    ("bpnet", "SNVs"): 8.0,
    ("bpnet", "indels"): 6.0,
    (SPLICING, "SNVs"): 2.0,
}


@dataclass(frozen=True)
class Work:
    """A network, and how its alleles are scored.

    Attributes:
        network: The network.
        kinds: Kinds of alleles.
        n_windows: Windows of an allele, all haplotypes, shifts and strands.
        n_alleles: In a round; None for as many as were asked for.
        options: Of the scorer.
    """

    network: VariantModel
    kinds: tuple[str, ...] = ("SNVs", "indels")
    n_windows: int = 40
    n_alleles: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


def bpnet(geometry: Geometry, filters: int = 64, layers: int = 8) -> bytes:
    """BPNet in GOPHER's form at base resolution, with random weights and convolutions padded."""
    rng = np.random.default_rng(0)
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {}

    def conv(x: str, sizes: tuple[int, int, int], dilation: int, name: str) -> str:
        _, read, width = sizes
        scale = (read * width) ** -0.5
        constants[f"{name}_w"] = (rng.standard_normal(sizes) * scale).astype(np.float32)
        pad = (width - 1) * dilation // 2
        pads, dilations = [pad, pad], [dilation]
        nodes.append(
            helper.make_node("Conv", [x, f"{name}_w"], [name], pads=pads, dilations=dilations)
        )
        return name

    def add(kind: str, inputs: list[str], name: str, **attributes: list[int]) -> str:
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    x = add("Relu", [conv("x", (filters, 4, 25), 1, "first")], "first_relu")
    for layer in range(1, layers + 1):
        y = conv(x, (filters, filters, 3), 2**layer, f"dilated{layer}")
        x = add("Add", [x, add("Relu", [y], f"relu{layer}")], f"sum{layer}")
    flank = (geometry.input_length - geometry.output_length) // 2
    constants |= {"start": np.array([flank]), "axis": np.array([2])}
    constants["end"] = np.array([flank + geometry.output_length])
    x = add("Slice", [conv(x, (1, filters, 7), 1, "profile"), "start", "end", "axis"], "crop")
    size = [geometry.bin_size]
    x = add("AveragePool", [x], "bins", kernel_shape=size, strides=size)
    add("Softplus", [x], "tracks")
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "bpnet",
        [helper.make_tensor_value_info("x", float32, ["n", 4, geometry.input_length])],
        [helper.make_tensor_value_info("tracks", float32, ["n", 1, geometry.n_bins])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return model


def networks() -> dict[str, Work]:
    """The zoo's CTCF model, a network without pooling, and SpliceAI where its weights are."""
    entry = registry.entry(MODEL)
    ctcf = VariantModel.of(entry.card(), onnx_bytes(entry))
    geometry = Geometry(input_length=2048, output_length=1024, bin_size=32, core_length=1024)
    other = replace(ctcf, model=bpnet(geometry), geometry=geometry, transform="none")
    found = {MODEL: Work(ctcf), "bpnet": Work(other)}
    entry = registry.entry(SPLICING)
    try:
        model = onnx_bytes(entry)
    except ZooError as error:
        print(f"{SPLICING} is left out: {error}")
        return found
    # Windows of 10 kb, and four of each allele: few.
    splicing = VariantModel.of(entry.card(), model).around(DISTANCE, 0)
    options = {"n_shifts": 1, "max_shift": 0, "statistics": ("delta",), "distance": DISTANCE}
    return found | {SPLICING: Work(splicing, ("SNVs",), 4, 4, options)}


def alleles(kind: str, n: int, genome: Fasta, scorer: Scorer) -> list[list[Allele]]:
    """Lone alleles at even distances on chr21, of those that can be scored."""
    rng = np.random.default_rng(0)
    found = []
    for start in np.linspace(33_000_000, 46_000_000, 2 * n).astype(int).tolist():
        if kind == "SNVs":
            found.append([snvs(genome, "chr21", start)[0]])
            continue
        size = int(rng.integers(2, 20))
        ref = decode(genome.codes("chr21", start, start + (size if rng.random() < 0.5 else 1)))
        alt = ref[0] if len(ref) > 1 else ref + "".join(rng.choice(list("ACGT"), size))
        found.append([Allele("chr21", start, ref, alt)])
    return [record for record in found if scorer.check(record[0]) == "OK"][:n]


def compare(label: str, work: Work, kind: str, genome: Fasta, n: int, rounds: int) -> float:
    """Print the ratio to the loop and the difference, and return what is left above the goal."""
    n = work.n_alleles or n
    shared, plain = (
        Scorer(work.network, genome, device="cpu", engine=engine, **work.options)
        for engine in ("auto", "plain")
    )
    records = alleles(kind, n * rounds, genome, plain)
    loop = Loop(work.network, plain, genome)
    time_scores(shared, records[:1])
    ratios = []
    for number in range(rounds):
        part = records[number * n : (number + 1) * n]
        before = loop.speed(work.n_windows * n // 4)
        taken, _ = time_scores(shared, part)
        speed = (before + loop.speed(work.n_windows * n // 4)) / 2
        ratios.append(work.n_windows * n / speed / taken)
    some = records[:5]
    found, expected = (
        np.array([[(one.ref, one.alt) for one in scored] for scored in scorer.score(some)])
        for scorer in (shared, plain)
    )
    difference = np.abs(found - expected).max() / np.abs(expected).max()
    goal = GOALS.get((label, kind))
    print(
        f"{label + ', ' + kind:30}{median(ratios):>8.2f} times the loop"
        f"   goal: {goal if goal is not None else '-'}"
        f"   rounds {min(ratios):.2f} to {max(ratios):.2f}   difference {difference:.0e}",
        flush=True,
    )
    return median(ratios) - (goal or 0)


def main() -> None:
    """Print the table; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alleles", type=int, default=40, help="in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--network", choices=[MODEL, "bpnet", SPLICING], help="one alone")
    arguments = parser.parse_args()
    with Fasta(GENOME / "hg19.chr21.fa.gz") as genome:
        spare = [
            compare(label, work, kind, genome, arguments.alleles, arguments.rounds)
            for label, work in networks().items()
            for kind in work.kinds
            if arguments.network in (None, label)
        ]
    if min(spare) < 0:
        raise SystemExit("a goal is missed")


if __name__ == "__main__":
    main()
