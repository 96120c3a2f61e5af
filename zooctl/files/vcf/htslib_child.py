"""The child process in which htslib reads, writes and indexes, run as a script by ``files.vcf``.

Malformed records can end htslib with a segmentation fault, and its reasons are messages on stderr.
Here both stay in this process. It imports nothing of zooctl, so that it starts at once.

Modes, by the first argument:

- ``complete``: read a VCF from stdin, and write its header to stdout, with the contigs and fields
  that only its records name; where htslib refuses a record, its number, from 1, is the last line
  of stderr;
- ``write``, ``pipe``: read a VCF from stdin, and write it to stdout as BCF, compressed or not;
- ``read FILE``: write a BCF (``-`` for stdin) to stdout as VCF;
- ``tbi FILE``, ``csi FILE``: write the index of a sorted .vcf.gz or .bcf beside it; with ``table``
  as a further argument, that of a bgzipped TSV whose first columns are a contig and a position.
"""

from __future__ import annotations

import resource
import sys
from typing import Any

import pysam
from pysam import bcftools

_MOST_MEMORY = 16 << 30
"""Address space in bytes: a record of 500,000 samples takes a twentieth of it."""
_ERRORS_ALONE = 1
_OPTIONS = {"write": ["-Ob", "-"], "pipe": ["-Ou", "-"], "read": ["-Ov"]}


def main(mode: str, *files: str) -> int:
    """Run one mode, and return the exit status."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _MOST_MEMORY if hard == resource.RLIM_INFINITY else min(_MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    pysam.set_verbosity(_ERRORS_ALONE)
    try:
        if mode == "complete":
            _complete()
        elif mode in ("tbi", "csi"):
            layout: dict[str, Any] = {"preset": "bcf" if files[0].endswith(".bcf") else "vcf"}
            if files[1:]:
                layout = {"seq_col": 0, "start_col": 1, "end_col": 1, "meta_char": "#"}
            pysam.tabix_index(
                files[0],
                **layout,
                force=True,
                csi=mode == "csi",
                keep_original=True,
            )
        else:
            bcftools.view("--no-version", *_OPTIONS[mode], *files, catch_stdout=False)
    # The library raises OSError, ValueError, its own and others; htslib's reason is on stderr.
    except Exception as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


class _RecordError(Exception):
    """A record is refused; the text is its number."""


def _complete() -> None:
    with pysam.VariantFile("-") as vcf:
        number, records = 1, iter(vcf)
        try:
            while next(records, None) is not None:
                number += 1
        except Exception:
            raise _RecordError(number) from None
        sys.stdout.buffer.write(str(vcf.header).encode())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
