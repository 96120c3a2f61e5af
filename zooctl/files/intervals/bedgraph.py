"""Write bedGraph, plain or bgzipped: a line for each bin with a value."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import VerificationError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.bgzf import BlockWriter


class BedGraphWriter:
    """Writes the bins of one track; a context manager. The file appears whole or not at all.

    Args:
        target: A .bedgraph or .bedgraph.gz.
        contigs: Lengths of the contigs, at which the last bin ends.
        force: Replace an existing file.
    """

    def __init__(self, target: Path, contigs: Mapping[str, int], *, force: bool = False) -> None:
        self.target, self._contigs, self._force = target, contigs, force
        self._packed = target.name.lower().endswith(".gz")
        self._stack = ExitStack()
        self._file: BinaryIO | BlockWriter | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            path = stack.enter_context(atomic_output(self.target, force=self._force))
            plain = stack.enter_context(path.open("wb"))
            self._file = BlockWriter(plain) if self._packed else plain
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and isinstance(self._file, BlockWriter):
            self._file.finish()
        self._stack.__exit__(kind, error, trace)

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        """Write the bins from base ``start`` on (0-based); a NaN leaves a gap.

        Raises:
            VerificationError: A value is infinite.
        """
        if np.isinf(values).any():
            raise VerificationError(f"infinite value on {chrom}", path=self.target)
        length = self._contigs[chrom]
        lines = []
        for index in np.flatnonzero(~np.isnan(values)).tolist():
            first = start + index * bin_size
            last = min(first + bin_size, length)
            lines.append(f"{chrom}\t{first}\t{last}\t{values[index]}\n")
        text = "".join(lines).encode()
        if text and self._file is not None:
            self._file.write(text)
