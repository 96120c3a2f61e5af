"""What reverse complements and shifts do to a prediction, and averages against them."""

import numpy as np
import pysam
from bins import DATA

import zooctl

model = zooctl.load("ctcf_gm12878", device="cpu", threads=1)
with pysam.FastaFile(str(DATA / "hg19_chr20_chr21/hg19.chr21.fa.gz")) as fasta:
    text = fasta.fetch("chr21", 39_725_108, 39_731_108).upper()
flip = str.maketrans("ACGT", "TGCA")
window = text[2_000 : 2_000 + 2_048]
forward = model.predict([window])[0, 0]
reverse = model.predict([window.translate(flip)[::-1]])[0, 0][::-1]
print(
    f"highest bin {forward.max():.1f}; of the reverse complement, turned back, {reverse.max():.1f}"
)
shifts = range(-500, 501, 125)
moved = model.predict([text[2_000 + shift : 2_000 + shift + 2_048] for shift in shifts])[:, 0]
# The 1,024 bp that all windows share, base for base.
bases = np.repeat(moved, model.card.bin_size, axis=1)
shared = np.stack([row[512 - shift :][:1024] for row, shift in zip(bases, shifts, strict=True)])
print("highest of the shared bases at each shift:", " ".join(f"{one.max():.1f}" for one in shared))
print(
    f"standard deviation over shifts, by the mean: {shared.std(axis=0).mean() / shared.mean():.3f}"
)
