"""The toy data set as files, for commands that read files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyBigWig
import toy_training as toy

from zooctl.schema.manifest import digest_file
from zooctl.schema.strict_yaml import dumps
from zooctl.sequence.onehot import decode

# Networks of the toy, trained and compared.
STUDY = """
name: epochs
title: Longer training
claim: Trained for three epochs, the toy is better than after one with a rate of almost 0.
paper: {citation: "Nobody 2000", place: Fig. 1, number: none}
scale: A toy.
training:
  recipe: toy.yaml
  changes: ["evaluation={bin_size: 32, block_length: 1000}"]
  seeds: [1, 2]
measure: {key: evaluate, bootstrap: 0}
metric: Pearson's r
figure: [tracks, 0, resolutions, 0, pearson]
arms:
  - {name: trained}
  - {name: not trained, changes: [optimiser.lr=1.0e-9, schedule.max_epochs=1]}
order: [[trained, not trained]]
"""


def write_bigwig(path: Path, values: Any) -> None:
    """Return a contig's values, one a base."""
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader([("chr1", len(values))])
        file.addEntries("chr1", 0, values=values.tolist(), span=1, step=1)


def write(folder: Path, **changes: Any) -> tuple[Path, Path]:
    """Write genome, signals and recipe; return the paths of recipe and FASTA.

    The signals are found if ``ZOOCTL_DATA_MIRROR`` is the folder.
    """
    data = toy.dataset()
    fasta = folder / "toy.fa"
    fasta.write_text(f">chr1\n{decode(data.codes['chr1'])}\n")
    write_bigwig(folder / "s.bw", data.target["chr1"][0])
    write_bigwig(folder / "i.bw", data.control["chr1"][0])
    document = toy.recipe(**changes).model_dump(mode="json")
    for source in document["sources"]:
        digest = digest_file(folder / source["file"])
        source |= {"sha256": digest.sha256, "size": digest.size}
    recipe = folder / "toy.yaml"
    recipe.write_text("# The toy.\n" + dumps(document))
    return recipe, fasta
