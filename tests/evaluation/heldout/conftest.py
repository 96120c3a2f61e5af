"""A zoo with one tiny model that really runs, and measured CTCF on parts of two chromosomes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from toy_model import toy_zoo

from zooctl.evaluation.data.evaluation_data import EvaluatedTrack, EvaluationData, MeasuredTrack
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.fasta.reader import Fasta
from zooctl.files.motifs import Motif, read_motif
from zooctl.schema.fields import Region, Split

__all__ = ["toy_zoo"]

SPLIT = Split(
    train=(Region(chrom="chr20", start=30_000_000, end=36_000_000),),
    validation=(),
    test=(
        Region(chrom="chr21", start=33_000_000, end=35_000_000),
        Region(chrom="chr21", start=44_000_000, end=45_000_000),
    ),
)


@pytest.fixture(scope="module")
def motif(mirror: Path) -> Motif:
    return read_motif(mirror / "motifs/HOCOMOCOv11_HUMAN.pfm", "CTCF_HUMAN.H11MO.0.A")


@pytest.fixture(scope="module")
def measured(repo: Path, motif: Motif) -> Iterator[EvaluationData]:
    data = repo / "recipes/data"
    fastas = [data / f"hg19_chr20_chr21/hg19.{chrom}.fa.gz" for chrom in ("chr20", "chr21")]
    tracks = [
        data / f"ctcf_gm12878_hg19/GM12878_{n}_5M.hg19.chr20_21.bw" for n in ("CTCF", "Input")
    ]
    with Fasta(*fastas) as genome:
        signal, control = (bases(path, genome) for path in tracks)
        yield EvaluationData(
            genome,
            [EvaluatedTrack(0, "CTCF", "ChIP-seq", "CTCF")],
            [MeasuredTrack("CTCF", signal)],
            SPLIT,
            [control],
            motifs={"CTCF": motif},
        )


def bases(path: Path, genome: Fasta) -> dict[str, np.ndarray]:
    """A bigWig of the two chromosomes, base by base."""
    with BigWig(path) as track:
        return {
            chrom: np.nan_to_num(track.values(chrom, 0, genome.contigs[chrom]))
            for chrom in ("chr20", "chr21")
        }
