"""Codes of whole contigs, computed once and cached as memory-mapped files."""

from __future__ import annotations

import hashlib

import numpy as np

from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.lock import locked
from zooctl.files.disk.sealed_cache import derived_folder, is_sealed, seal_array
from zooctl.files.fasta.reader import Fasta
from zooctl.progress import Say
from zooctl.sequence.onehot import Codes

# Bases held in memory at a time while a contig is read.
_PIECE = 1 << 24


def genome_codes(fasta: Fasta, chrom: str, say: Say) -> Codes:
    """Return the codes of a contig, ``(length,)`` uint8, memory-mapped.

    One process reads the genome, others that ask for the same contig wait for it.

    Args:
        fasta: The genome.
        chrom: One of its contigs.
        say: Takes a line when the genome has to be read.

    Raises:
        InputError: No such contig.
    """
    # A contig's name may hold characters that a file name may not.
    source = f"{fasta.sha256(chrom)} {chrom}"
    key = hashlib.sha256(source.encode()).hexdigest()[:32]
    path = derived_folder("codes-2") / f"{key}.npy"
    with locked(path):
        if not is_sealed(path, source):
            say(f"reading {chrom} of the genome")
            length = fasta.contigs[chrom]
            with atomic_output(path, force=True) as temporary, temporary.open("wb") as file:
                header = {"descr": "|u1", "fortran_order": False, "shape": (length,)}
                np.lib.format.write_array_header_1_0(file, header)
                for start in range(0, length, _PIECE):
                    fasta.codes(chrom, start, min(start + _PIECE, length)).tofile(file)
                file.flush()
                seal_array(temporary, path, source)
    codes: Codes = np.load(path, mmap_mode="r", allow_pickle=False)
    return codes
