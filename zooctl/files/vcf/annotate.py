"""Add INFO fields to the lines of a VCF, and leave the rest of each line as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from zooctl.errors import InputError
from zooctl.files.vcf.records import Header

PREFIX = "ZOO_"
_ADDED = PREFIX.encode()
_SOURCE = re.compile(rb'Source="zooctl \S+ (\S+) weights ')
_INFO_ID = re.compile(rb"##INFO=<(?:[^\"]*,)?ID=([^,>]+)")
_INFO = 7  # its column

ValueType = Literal["Float", "Integer", "String"]


@dataclass(frozen=True)
class Field:
    """An INFO field, with one value for each ALT (Number=A) unless it says otherwise.

    Attributes:
        key: Its name, ``ZOO_…``.
        type: Type of a value.
        description: Description, for people.
        source: Program and model that computed it.
        version: Version of the source.
        number: Number of values, as VCF writes it.
    """

    key: str
    type: ValueType
    description: str
    source: str
    version: str
    number: str = "A"

    def line(self) -> bytes:
        """Return the header line of the field.

        >>> Field("ZOO_STATUS", "String", 'Scored or "not"', "zooctl", "0.1").line()[:60]
        b'##INFO=<ID=ZOO_STATUS,Number=A,Type=String,Description="Scor'
        """
        texts = (("Description", self.description), ("Source", self.source))
        quoted = "".join(f",{name}={quote(text)}" for name, text in texts)
        version = f",Version={quote(self.version)}"
        head = f"##INFO=<ID={self.key},Number={self.number},Type={self.type}"
        return f"{head}{quoted}{version}>".encode()


def quote(text: str) -> str:
    r"""Return a text as a value of a header line.

    >>> print(quote('a "b"\n\\'))
    "a \"b\" \\"
    """
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def info_key(*parts: str) -> str:
    """Return the name of an added field, with ``_`` for characters that VCF forbids.

    >>> info_key("ctcf", "GM12878 (rep 1)", "LFC")
    'ZOO_ctcf_GM12878__rep_1__LFC'
    """
    return PREFIX + re.sub(r"[^0-9A-Za-z_.]", "_", "_".join(parts))


class Annotator:
    """Adds fields to the header and the lines of one VCF.

    Fields of other models stay, so that the scores of several runs stand side by side.

    Args:
        header: The header of the VCF.
        fields: The added fields.
        models: Models that the fields come from.
        meta: Further header lines.
        overwrite: Whether to replace the models' fields that the VCF has.
        path: The VCF, for errors.

    Raises:
        InputError: The VCF has a field of one of the models, and ``overwrite`` is not set.
    """

    def __init__(
        self,
        header: Header,
        fields: Sequence[Field],
        *,
        models: Sequence[str] = (),
        meta: Iterable[bytes] = (),
        overwrite: bool = False,
        path: str,
    ) -> None:
        self.fields = tuple(fields)
        self._keys = [field.key.encode() for field in fields]
        # Fields whose names are other programs'.
        self._foreign = tuple(key for key in self._keys if not key.startswith(_ADDED))
        self._overwrite = overwrite
        self._path = path
        self._models = [model.encode() for model in models]
        self._prefixes = tuple(info_key(model, "").encode() for model in models)
        self._owned: dict[bytes, bool] = dict.fromkeys(self._keys, True)
        kept = []
        for number, line in enumerate(header.meta, 1):
            found = _INFO_ID.match(line)
            if found and (found[1].startswith(_ADDED) or found[1] in self._keys):
                source = _SOURCE.search(line)
                if source:
                    self._owned.setdefault(found[1], source[1] in self._models)
                if self._replaces(found[1], number):
                    continue
            elif line.startswith(tuple(b"##zooctl=<ID=%b," % one for one in self._models)):
                continue
            kept.append(line)
        lines = [*kept, *meta, *(field.line() for field in fields), header.columns]
        self.header = b"\n".join([*lines, b""])

    def _replaces(self, key: bytes, number: int) -> bool:
        """Say whether an existing field is one of the models'.

        A field that the header does not define belongs to the model that its name begins with.
        """
        own = self._owned.get(key, key.startswith(self._prefixes))
        if own and not self._overwrite:
            raise InputError(
                "VCF has scores of this model already",
                path=self._path,
                line=number,
                got=f"INFO {key.decode('utf-8', 'replace')}",
                hint="pass --overwrite-annotations to replace them",
            )
        return own

    def line(self, line: bytes, number: int, values: Sequence[str]) -> bytes:
        """Return a record's line with the fields added, and a line end.

        Args:
            line: The record's line.
            number: Its number, for errors.
            values: Value of each field, ``""`` to leave the field out.

        Raises:
            InputError: The record has a field of one of the models already.
        """
        columns = line.split(b"\t", _INFO + 1)
        info = columns[_INFO]
        if _ADDED in info or any(key in info for key in self._foreign):
            info = self._without_own(info, number)
        added = [
            key + b"=" + value.encode("ascii")
            for key, value in zip(self._keys, values, strict=True)
            if value
        ]
        old = [] if info in (b".", b"") else [info.removesuffix(b";")]
        columns[_INFO] = b";".join(old + added) or b"."
        return b"\t".join(columns) + b"\n"

    def _without_own(self, info: bytes, number: int) -> bytes:
        return b";".join(
            entry
            for entry in info.split(b";")
            if not self._may_be_own(key := entry.partition(b"=")[0])
            or not self._replaces(key, number)
        )

    def _may_be_own(self, key: bytes) -> bool:
        return key.startswith(_ADDED) or key in self._foreign
