"""Speed of `zooctl lookup` on a store of every SNV of a stretch, and of a run that finds all there.

The store is filled with made-up scores, since only reading is timed. One allele in three is asked
for. Beside it stands the reading of the VCF alone, which no answer can be faster than.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from zooctl.catalog import registry
from zooctl.files.score_store.rows import Key, StoredScore, to_table
from zooctl.files.score_store.spaces import Contig
from zooctl.files.vcf.records import VcfReader
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ScoreOptions, SessionOptions
from zooctl.inference.options.store import LookupOptions
from zooctl.inference.scale.store.lookup import look_up
from zooctl.inference.variants.remember import RememberingScorer
from zooctl.inference.variants.table import open_scorer
from zooctl.inference.vcf.run import score_file
from zooctl.progress import no_progress, silent
from zooctl.sequence.onehot import decode

MODEL, CHROM, START = "ctcf_gm12878", "chr21", 33_000_000
GOAL = 100_000
"""Alleles a second."""
HEAD = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def fill(store: Path, model: OpenModel, n_bases: int) -> str:
    """Fill a store with made-up scores, and return a VCF of every third SNV."""
    rng, lines = np.random.default_rng(0), [HEAD]
    with model.genome(None, silent, no_progress) as genome:
        scorer = open_scorer(model, genome, ScoreOptions(store=store), "skip")
        assert isinstance(scorer, RememberingScorer)
        contig = Contig(CHROM, genome.sha256(CHROM))
        parts = scorer.space.parts(contig, create=True)
        assert parts is not None
        for low in range(START, START + n_bases, 1 << 16):
            high = min(low + (1 << 16), START + n_bases)
            rows = {}
            for at, ref in enumerate(decode(genome.codes(CHROM, low, high)), low):
                alts = [alt for alt in "ACGT" if alt != ref]
                if ref == "N":
                    continue
                for alt in alts:
                    values = rng.standard_normal(4).astype(np.float32)
                    places = np.empty(0, np.int64)
                    rows[Key(at, ref, alt)] = StoredScore("OK", "snv", values, places)
                lines.append(f"{CHROM}\t{at + 1}\t.\t{ref}\t{alts[at % 3]}\t.\tPASS\t.\n")
            parts.add(to_table(rows))
    return "".join(lines)


def main() -> None:
    """Print rates, and fail below the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bases", type=int, default=500_000)
    parser.add_argument("--check", action="store_true", help="fail below the goal")
    given = parser.parse_args()
    model = OpenModel(registry.entry(MODEL), SessionOptions(device="cpu", threads=1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, vcf = folder / "store", folder / "in.vcf"
        vcf.write_text(fill(store, model, given.bases))
        size = sum(path.stat().st_size for path in store.rglob("*.parquet"))
        print(f"store: {3 * given.bases:,} alleles, {size / 3 / given.bases:.1f} bytes an allele")
        began = time.perf_counter()
        with VcfReader(str(vcf)) as reader:
            n = sum(1 for _ in reader)
        print(f"reading the VCF alone     {n / (time.perf_counter() - began):10,.0f} alleles/s")
        best = 0.0
        for ending in ("tsv", "parquet", "tsv.gz"):
            for _ in range(2):
                options = LookupOptions(store=store, force=True)
                began, cpu = time.perf_counter(), time.process_time()
                done = look_up(model, str(vcf), folder / f"out.{ending}", options)
                wall, cpu = time.perf_counter() - began, time.process_time() - cpu
                assert done.statuses == {"OK": n}, done.statuses
                best = max(best, n / wall)
                print(
                    f"lookup into .{ending:12} {n / wall:10,.0f} alleles/s "
                    f"({n / cpu:,.0f} a second of CPU)"
                )
        few = folder / "few.vcf"
        few.write_text("".join(vcf.read_text().splitlines(keepends=True)[:20_000]))
        began = time.perf_counter()
        options = ScoreOptions(store=store, force=True)
        done = score_file([model], str(few), folder / "out.vcf", options)
        took = time.perf_counter() - began
        print(f"score-variants, all found {done.tally.alleles / took:10,.0f} alleles/s")
    if given.check and best < GOAL:
        sys.exit(f"below {GOAL:,} alleles a second")


if __name__ == "__main__":
    os.environ.pop("ZOOCTL_STORE", None)
    main()
