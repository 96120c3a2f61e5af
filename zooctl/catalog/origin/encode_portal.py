"""Compare the sources of a recipe with the records of their files on the ENCODE portal.

The bytes are pinned by their sha256 in any case. A record tells more: a file that was revoked or
replaced since, or an accession of another assay, target or assembly than the recipe claims. Fields
are those of the portal's file objects (https://www.encodeproject.org/profiles/file).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zooctl.errors import IntegrityError, ManyErrors, NetworkError, VerificationError, ZooError

if TYPE_CHECKING:
    from zooctl.files.download.transfer import Policy
    from zooctl.schema.recipe.sources import Source

PORTAL = "https://www.encodeproject.org"
ACCESSION = re.compile(r"ENCFF[0-9]{3}[A-Z]{3}")

# The portal's name of an assembly, where it is not UCSC's.
_ASSEMBLIES = {"GRCh38": "hg38", "GRCm38": "mm10", "GRCm39": "mm39"}
_LARGEST = 5_000_000
# The bytes are pinned without the portal's answer, so it is not awaited for long.
_TRIES = 2


class UnreachableError(NetworkError):
    """The portal did not answer; nothing is known about the file."""


# Of a file that ENCODE stands by.
STATUSES = ("released", "archived")


def is_encode_file(source: Source) -> bool:
    """Say whether a source is a file of the ENCODE portal."""
    return source.accession is not None and ACCESSION.fullmatch(source.accession) is not None


def check(source: Source, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Compare a source with its record on the portal, in the fields that the source gives.

    Args:
        source: Source of a recipe.
        document: Record at ``https://www.encodeproject.org/files/<accession>/?format=json``.

    Returns:
        Remarks on a file that passes, such as that it is archived.

    Raises:
        VerificationError: The file has another status, assembly, assay, target or output type.
        IntegrityError: It has another digest or size (ManyErrors if several fields differ).
    """
    errors = [*_status_errors(source, document), *_field_errors(source, document)]
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    if document.get("status") == "archived":
        return (f"{source.accession} is archived: ENCODE keeps it and has newer ones",)
    return ()


def download_record(accession: str, policy: Policy) -> dict[str, Any]:
    """Download the record of a file from the portal.

    Raises:
        UnreachableError: The portal did not answer.
        NetworkError: It does not know the file, or does not show it.
        UnsafeError: It redirects to a host outside of the policy.
        VerificationError: The answer is no record of a file.
    """
    from zooctl.files.download.transfer import TransientError, open_client

    url = f"{PORTAL}/files/{accession}/?format=json"
    with open_client(policy) as client:
        for attempt in range(_TRIES):
            try:
                return _read(_receive(client, url, policy), url)
            except TransientError as error:
                reason = str(error)
                if attempt + 1 < _TRIES:
                    time.sleep(min(error.wait or policy.first_wait, policy.longest_wait))
    raise UnreachableError("the ENCODE portal does not answer", got=reason)


def _receive(client: Any, url: str, policy: Policy) -> bytes:
    from zooctl.files.download import transfer

    content = bytearray()

    def write(data: bytes) -> None:
        content.extend(data)
        if len(content) > _LARGEST:
            raise VerificationError(
                "the portal sends no file object",
                got=f"more than {_LARGEST:,} bytes from {transfer.shown(url)}",
            )

    # The portal gives JSON to those who ask for it, and a page to others.
    headers = {"Accept": "application/json"}
    with transfer.open_response(client, url, headers, policy) as response:
        inflate = response.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip")
        transfer.receive(response, write, policy, inflate)
    return bytes(content)


def _read(content: bytes, url: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:  # such as the page of a network that wants a login
        document = None
    if not isinstance(document, dict) or "status" not in document:
        raise VerificationError(
            "the portal sends no file object",
            got=repr(content[:40]),
            expected=f"JSON from {url}",
        )
    return document


def _status_errors(source: Source, document: Mapping[str, Any]) -> Iterator[ZooError]:
    status = document.get("status")
    if status not in STATUSES:
        later = [_last(one) for one in document.get("superseded_by") or () if isinstance(one, str)]
        hint = f"superseded by {', '.join(later)}" if later else None
        yield _error(source, "status", status, "released or archived", hint)
    if document.get("no_file_available") or document.get("restricted"):
        yield _error(source, "status", "a file that is not handed out", "a file for everyone")


def _field_errors(source: Source, document: Mapping[str, Any]) -> Iterator[ZooError]:
    """Yield every field in which portal and recipe differ."""
    claims: list[tuple[str, object, list[object]]] = [
        ("accession", source.accession, [document.get("accession")]),
        ("assembly", ucsc_assembly(source.assembly), [ucsc_assembly(document.get("assembly"))]),
        ("assay", source.assay, [document.get("assay_term_name"), document.get("assay_title")]),
        ("target", source.target, _target_names(document.get("target"))),
        ("biosample", source.biosample, [_biosample(document.get("biosample_ontology"))]),
        ("output_type", source.output_type, [document.get("output_type")]),
    ]
    for field, claimed, found in claims:
        names = [name for name in found if name is not None]
        unknown = field == "biosample" and not names
        if claimed is not None and claimed not in names and not unknown:
            yield _error(source, field, " or ".join(map(str, names)) or "nothing", claimed)
    digests = [("md5", source.md5, "md5sum"), ("size", source.size, "file_size")]
    for field, pinned, name in digests:
        if pinned is not None and document.get(name) != pinned:
            yield _error(source, field, document.get(name), pinned, kind=IntegrityError)


def _error(
    source: Source,
    field: str,
    got: object,
    expected: object,
    hint: str | None = None,
    kind: Callable[..., ZooError] = VerificationError,
) -> ZooError:
    return kind(
        f"{source.accession} is not at ENCODE what the recipe says",
        field=f"{source.id}.{field}",
        got=got,
        expected=expected,
        hint=hint,
    )


def ucsc_assembly(name: object) -> object:
    """Return an assembly by UCSC's name.

    >>> ucsc_assembly("GRCh38"), ucsc_assembly("hg19")
    ('hg38', 'hg19')
    """
    return _ASSEMBLIES.get(str(name), name)


def _target_names(target: object) -> list[object]:
    """Return the names of a target, which is an object or the address of one; controls have none.

    >>> _target_names({"label": "CTCF", "name": "CTCF-human"})
    ['CTCF', 'CTCF-human']
    >>> _target_names("/targets/H3K4me3-human/")
    ['H3K4me3-human', 'H3K4me3']
    """
    if target is None:
        return ["Input"]
    if isinstance(target, Mapping):
        return [target.get("label"), target.get("name")]
    name = _last(target)
    return [name, name.rpartition("-")[0]]


def _biosample(ontology: object) -> object:
    """Return the name of a biosample type; where there is only its address, nothing is known."""
    return ontology.get("term_name") if isinstance(ontology, Mapping) else None


def _last(address: object) -> str:
    """Return the last part of an object's address on the portal."""
    return str(address or "").rstrip("/").rpartition("/")[2]
