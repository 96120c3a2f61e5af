"""Add FORMAT fields to the lines of a VCF, and leave the rest of each line as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from zooctl.errors import InputError
from zooctl.files.vcf.records import Header

_FORMAT = 8  # its column
_ID = re.compile(rb"##FORMAT=<(?:[^\"]*,)?ID=([^,>]+)")


class SampleFields:
    """Fields with a value for each sample.

    Args:
        keys: Their names.
        overwrite: Whether to replace those that a VCF has.
        path: The VCF, for errors.
    """

    def __init__(self, keys: Sequence[str], *, overwrite: bool, path: str) -> None:
        self._keys = [key.encode() for key in keys]
        self._overwrite = overwrite
        self._path = path

    def header(self, header: Header) -> Header:
        """Return a header without lines for these fields.

        Raises:
            InputError: It has some, and they are not to be replaced.
        """
        kept = []
        for number, line in enumerate(header.meta, 1):
            found = _ID.match(line)
            if found and found[1] in self._keys:
                self._check(found[1], number)
            else:
                kept.append(line)
        return replace(header, meta=tuple(kept))

    def _check(self, key: bytes, number: int) -> None:
        if not self._overwrite:
            raise InputError(
                "VCF has scores of haplotypes of this model already",
                path=self._path,
                line=number,
                got=f"FORMAT {key.decode('utf-8', 'replace')}",
                hint="pass --overwrite-annotations to replace them",
            )

    def line(self, line: bytes, number: int, values: Sequence[Sequence[str]]) -> bytes:
        """Return a record's line with the fields added.

        Args:
            line: The line, without its end.
            number: Its number, for errors.
            values: Of each sample its value of each field; "" for none. Where no sample has any,
                the fields are left out.

        Raises:
            InputError: It has one of the fields already.
        """
        columns = line.split(b"\t")
        given = columns[_FORMAT].split(b":")
        kept = [at for at, key in enumerate(given) if key not in self._keys]
        if len(kept) < len(given):
            self._check(next(key for key in given if key in self._keys), number)
        elif not any(any(one) for one in values):
            return line
        keys = self._keys if any(any(one) for one in values) else []
        columns[_FORMAT] = b":".join([*(given[at] for at in kept), *keys])
        for at, own in enumerate(values, _FORMAT + 1):
            parts = columns[at].split(b":")
            # Fields at the end of a sample may be left out.
            parts += [b"."] * (len(given) - len(parts))
            new = [(value or ".").encode("ascii") for value in own[: len(keys)]]
            columns[at] = b":".join([*(parts[i] for i in kept), *new])
        return b"\t".join(columns)
