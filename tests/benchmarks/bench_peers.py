"""Speed of variant scores beside gReLU's and tangermeme's, on one network, variants and thread.

Both are measured in environments of their own, since their requirements conflict with zooctl's.
Name the Python of each in ZOOCTL_BENCH_GRELU and ZOOCTL_BENCH_TANGERMEME; without it the table says
"not measured"::

    python3 -m venv grelu && grelu/bin/pip install grelu
    ZOOCTL_BENCH_GRELU=grelu/bin/python .venv/bin/python tests/benchmarks/bench_peers.py

All read the same FASTA and predict one window for the reference and one for the alternative of each
SNV: gReLU by ``predict_variant_effects``, tangermeme by ``extract_loci`` and
``substitution_effect``, on the torch network that was exported to the graph that zooctl runs. The
scores of each SNV are compared too. zooctl's shift-robust score, 20 windows for each allele, stands
below; neither peer has one that aligns its windows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

# The environments of the peers run this file, too, and have no zooctl.
if TYPE_CHECKING:
    from zooctl.inference.variants.scorer import Scorer
    from zooctl.sequence.alleles import Allele

MODEL, LENGTH, BATCH = "ctcf_gm12878", 2048, 64
WARM = 8
PEERS = {"gReLU": "ZOOCTL_BENCH_GRELU", "tangermeme": "ZOOCTL_BENCH_TANGERMEME"}


def measure_grelu(folder: Path, positions: list[int], refs: str, alts: str) -> list[float]:
    """Log ratios by gReLU."""
    import numpy as np
    import pandas as pd
    import torch
    from grelu.lightning import LightningModel
    from grelu.variant import predict_variant_effects

    torch.set_num_threads(1)
    # Any model of one task will do: its network is replaced by ours.
    sizes = {"model_type": "ConvModel", "n_tasks": 1, "n_conv": 1, "channel_init": 4}
    model = LightningModel(sizes, {"task": "regression", "loss": "mse"})
    model.model = torch.jit.load(folder / "network.pt").eval()
    variants = pd.DataFrame(
        {"chrom": "chr21", "pos": np.array(positions) + 1, "ref": list(refs), "alt": list(alts)}
    )
    found = predict_variant_effects(
        variants,
        model,
        seq_len=LENGTH,
        batch_size=BATCH,
        num_workers=0,
        genome=str(folder / "chr21.fa"),
        compare_func=lambda alt, ref: np.log2(alt.sum(axis=(1, 2)) / ref.sum(axis=(1, 2))),
        return_ad=False,
    )
    return np.asarray(found).tolist()


def measure_tangermeme(folder: Path, positions: list[int], refs: str, alts: str) -> list[float]:
    """Log ratios by tangermeme."""
    import pandas as pd
    import torch
    from tangermeme.io import extract_loci
    from tangermeme.variant_effect import substitution_effect

    torch.set_num_threads(1)
    model = torch.jit.load(folder / "network.pt").eval()
    # The middle of a window is its second half's first base; the variant is the one before.
    starts = [position + 1 for position in positions]
    ends = [start + 1 for start in starts]
    loci = pd.DataFrame({"chrom": "chr21", "start": starts, "end": ends})
    windows = extract_loci(loci, str(folder / "chr21.fa"), in_window=LENGTH, n_jobs=1)
    middle = LENGTH // 2 - 1
    changes = torch.tensor([[row, middle, "ACGT".index(alt)] for row, alt in enumerate(alts)])
    found = substitution_effect(
        model, windows, changes, batch_size=BATCH, device="cpu", dtype=torch.float32
    )
    before, after = (part.sum(dim=(1, 2)) for part in (found.y_before, found.y_after))
    return torch.log2(after / before).tolist()


def measure_in_this_environment(peer: str, folder: Path) -> None:
    """Print seconds of each round, and the log ratios, as JSON."""
    measure = {"gReLU": measure_grelu, "tangermeme": measure_tangermeme}[peer]
    job = json.loads((folder / "job.json").read_text())
    positions, refs, alts = job["positions"], job["refs"], job["alts"]
    measure(folder, positions[:WARM], refs[:WARM], alts[:WARM])
    seconds, ratios = [], []
    for _ in range(job["rounds"]):
        start = time.perf_counter()
        ratios = measure(folder, positions, refs, alts)
        seconds.append(time.perf_counter() - start)
    (folder / f"{peer}.json").write_text(json.dumps({"seconds": seconds, "ratios": ratios}))


def write_network(path: Path) -> None:
    """Write the torch network of the entry, with its published weights, as TorchScript."""
    import warnings

    import torch
    from safetensors.torch import load

    from zooctl.catalog import registry
    from zooctl.catalog.weights import verified_bytes
    from zooctl.training.nets import network_of
    from zooctl.training.nets.parts.control import with_constant_control
    from zooctl.training.nets.parts.network import Finished

    entry = registry.entry(MODEL)
    whole = with_constant_control(Finished(network_of(entry.recipe())), 0.0)
    whole.load_state_dict(load(verified_bytes(entry, "model.safetensors")))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.jit.trace(whole.eval(), torch.zeros(2, 4, LENGTH)).save(str(path))


def write_genome(folder: Path) -> None:
    """Write chr21 as plain FASTA, with the index and the sizes that gReLU needs."""
    import gzip

    from bench_score import GENOME
    from pyfaidx import Faidx

    path = folder / "chr21.fa"
    path.write_bytes(gzip.decompress((GENOME / "hg19.chr21.fa.gz").read_bytes()))
    Faidx(str(path)).close()
    (folder / "chr21.fa.sizes").write_text("chr21\t48129895\n")


def time_zooctl(
    scorer: Scorer, records: list[list[Allele]], rounds: int
) -> tuple[list[float], list[float]]:
    """Seconds of each round, and the scores."""
    list(scorer.score(records[:WARM]))
    seconds, scores = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        scores = [float(one.score[0]) for (one,) in scorer.score(records)]
        seconds.append(time.perf_counter() - start)
    return seconds, scores


def time_peer(peer: str, folder: Path) -> tuple[list[float], list[float]] | str:
    """Seconds of each round and log ratios, or the reason for having none."""
    python = os.environ.get(PEERS[peer])
    if not python:
        return f"not measured: {PEERS[peer]} names no Python"
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    command = [
        str(Path.cwd() / python),
        str(Path(__file__).resolve()),
        "--as",
        peer,
        "--folder",
        str(folder),
    ]
    # gReLU leaves a folder of logs where it runs.
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | threads,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return f"not measured: {(done.stderr.strip().splitlines() or ['no message'])[-1][:90]}"
    found = json.loads((folder / f"{peer}.json").read_text())
    return found["seconds"], found["ratios"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--as", dest="peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        measure_in_this_environment(arguments.peer, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), arguments.variants, arguments.rounds)


def compare(folder: Path, n: int, rounds: int) -> None:
    """Measure all and print them."""
    from bench_score import CHAIN, SITES, even_records, real_records

    from zooctl.catalog import registry
    from zooctl.catalog.weights import onnx_bytes
    from zooctl.files.fasta.reader import Fasta
    from zooctl.inference.variants.scorer import Scorer, VariantModel

    write_network(folder / "network.pt")
    write_genome(folder)
    entry = registry.entry(MODEL)
    network = VariantModel.of(entry.card(), onnx_bytes(entry))
    with Fasta(folder / "chr21.fa") as genome:
        one, robust = (
            Scorer(
                network,
                genome,
                n_shifts=n_shifts,
                max_shift=max_shift,
                batch_size=BATCH,
                threads=1,
                device="cpu",
                engine="auto",
            )
            for n_shifts, max_shift in ((1, 0), (20, None))
        )
        real = SITES.is_file() and CHAIN.is_file()
        found = real_records(2 * n, robust) if real else even_records(n, genome)
        records = [
            record for record in found if len(record) == len(record[0].ref + record[0].alt) - 1 == 1
        ][:n]
        job = {
            "positions": [record[0].start for record in records],
            "refs": "".join(record[0].ref for record in records),
            "alts": "".join(record[0].alt for record in records),
            "rounds": rounds,
        }
        (folder / "job.json").write_text(json.dumps(job))
        own, scores = time_zooctl(one, records, rounds)
        shifted, _ = time_zooctl(robust, records, 1)
    kind = "of 1000 Genomes" if real else "at even distances (REAL DATA MISSING)"
    print(f"{MODEL}, {len(records)} SNVs {kind} on chr21, batches of {BATCH}, 1 thread")
    print(f"{f'medians of {rounds} rounds':32}  SNVs/s  windows/s  zooctl is  largest difference")
    report("zooctl, one pass", own, 2 * len(records), len(records), own, scores, scores)
    for peer in PEERS:
        timed = time_peer(peer, folder)
        if isinstance(timed, str):
            print(f"{peer:32}  {timed}")
        else:
            label, n_windows = f"{peer}, one pass", 2 * len(records)
            report(label, timed[0], n_windows, len(records), own, timed[1], scores)
    report("zooctl, 20 shifts", shifted, 40 * len(records), len(records), [], [], [])


def report(
    label: str,
    seconds: list[float],
    n_windows: int,
    n: int,
    own: list[float],
    ratios: list[float],
    scores: list[float],
) -> None:
    """Print one line."""
    taken = median(seconds)
    line = f"{label:32}  {n / taken:>6.1f}  {n_windows / taken:>9.1f}"
    if own:
        difference = max(abs(a - b) for a, b in zip(ratios, scores, strict=True))
        line += f"  {taken / median(own):>8.2f}x  {difference:>18.1e}"
    print(line, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
