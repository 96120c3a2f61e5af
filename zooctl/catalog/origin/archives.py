"""Sources of recipes from accessions and file names of public archives.

ENCODE is asked for its record. Files of Roadmap Epigenomics have an address that follows from their
name. Archives with an index of their files, such as Blueprint, are looked up in that index, a table
which the user has downloaded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zooctl.catalog.origin import encode_portal
from zooctl.errors import InputError, IntegrityError
from zooctl.files.intervals.text_table import read_text_table

if TYPE_CHECKING:
    from zooctl.files.download.transfer import Policy

# Of the consolidated epigenomes (Roadmap Epigenomics Consortium 2015, doi:10.1038/nature14248).
_ROADMAP = "https://egg2.wustl.edu/roadmap/data/byFileType"
_ROADMAP_NAME = re.compile(
    r"(E[0-9]{3})-(H[0-9][A-Za-z0-9]*(?:\.Z)?|DNase)\."
    r"(fc\.signal\.bigwig|pval\.signal\.bigwig|narrowPeak\.gz|broadPeak\.gz|gappedPeak\.gz)"
)
_ROADMAP_FOLDERS = {
    "fc.signal.bigwig": ("signal/consolidated/macs2signal/foldChange", "fold change over control"),
    "pval.signal.bigwig": ("signal/consolidated/macs2signal/pval", "signal p-value"),
    "narrowPeak.gz": ("peaks/consolidated/narrowPeak", "peaks"),
    "broadPeak.gz": ("peaks/consolidated/broadPeak", "peaks"),
    "gappedPeak.gz": ("peaks/consolidated/gappedPeak", "peaks"),
}
# Columns of an index by their names in the archives that have one.
_COLUMNS = {
    "address": ("FILE", "file", "url"),
    "md5": ("FILE_MD5", "md5", "md5sum"),
    "size": ("FILE_SIZE", "size", "file_size"),
    "assay": ("LIBRARY_STRATEGY", "assay"),
    "target": ("EXPERIMENT_TYPE", "target"),
    "biosample": ("CELL_TYPE", "biosample"),
}


def resolve_source(
    name: str,
    *,
    policy: Policy,
    index: Path | None = None,
    base_url: str | None = None,
    assembly: str | None = None,
    copy: Path | None = None,
) -> dict[str, Any]:
    """Return a source of a recipe, with null for what the archive does not say.

    Args:
        name: Accession of ENCODE, or file name of Roadmap, or of the index.
        policy: Limits of downloads.
        index: Tab-separated index of an archive.
        base_url: Address that the index's paths stand below.
        assembly: Of the index's files.
        copy: Downloaded file; it is compared with the archive's digest and size, and gives sha256.

    Raises:
        InputError: No archive has such a name.
        NetworkError: The portal does not answer, or does not know the file.
        IntegrityError: The copy is not the archive's file.
    """
    if index is not None:
        found = _from_index(name, index, base_url, assembly)
    elif encode_portal.ACCESSION.fullmatch(name):
        found = _from_encode(encode_portal.download_record(name, policy))
    elif match := _ROADMAP_NAME.fullmatch(name):
        found = _from_roadmap(name, *match.groups())
    else:
        raise InputError(
            "no archive has such a name",
            got=name,
            expected="ENCFF185TQC, or E071-H3K36me3.pval.signal.bigwig, or --index",
        )
    return found if copy is None else found | _digests(copy, found)


def _from_encode(document: Mapping[str, Any]) -> dict[str, Any]:
    accession, href = document.get("accession"), str(document.get("href") or "")
    target = document.get("target")
    ontology = document.get("biosample_ontology")
    return _source(
        accession=accession,
        file=href.rpartition("/")[2] or f"{accession}",
        url=f"{encode_portal.PORTAL}{href}" if href else None,
        md5=document.get("md5sum"),
        size=document.get("file_size"),
        assembly=encode_portal.ucsc_assembly(document.get("assembly")),
        assay=document.get("assay_term_name"),
        target=target.get("label") if isinstance(target, Mapping) else None,
        biosample=ontology.get("term_name") if isinstance(ontology, Mapping) else None,
        output_type=document.get("output_type"),
        licence="LicenseRef-ENCODE-open",
        citation="ENCODE Project Consortium, doi:10.1038/s41586-020-2493-4",
    )


def _from_roadmap(name: str, epigenome: str, mark: str, kind: str) -> dict[str, Any]:
    folder, output_type = _ROADMAP_FOLDERS[kind]
    return _source(
        accession=epigenome,
        file=name,
        url=f"{_ROADMAP}/{folder}/{name}",
        assembly="hg19",
        assay="DNase-seq" if mark == "DNase" else "ChIP-seq",
        target=None if mark == "DNase" else mark,
        biosample=epigenome,
        output_type=output_type,
        licence="LicenseRef-public-domain",
        citation="Roadmap Epigenomics Consortium 2015, doi:10.1038/nature14248",
    )


def _from_index(
    name: str, index: Path, base_url: str | None, assembly: str | None
) -> dict[str, Any]:
    table = read_text_table(index)
    place = {
        field: next((table.header.index(one) for one in names if one in table.header), None)
        for field, names in _COLUMNS.items()
    }
    address = place["address"]
    if address is None:
        raise InputError(
            "index names no files", path=index, expected=f"a column {_COLUMNS['address'][0]}"
        )
    rows = [cells for _, cells in table.rows if cells[address].rpartition("/")[2] == name]
    if len(rows) != 1:
        raise InputError("index has no such file, or several", path=index, got=name)
    cells = {field: rows[0][at] for field, at in place.items() if at is not None}
    path = cells["address"]
    url = path if path.startswith("https://") else None
    if url is None and base_url is not None:
        url = f"{base_url.rstrip('/')}/{path.lstrip('/')}"
    return _source(
        file=name,
        url=url,
        md5=cells.get("md5"),
        size=int(cells["size"]) if cells.get("size", "").isdigit() else None,
        assembly=assembly,
        assay=cells.get("assay"),
        target=cells.get("target"),
        biosample=cells.get("biosample"),
    )


def _source(**known: Any) -> dict[str, Any]:
    """Return the fields of a source in the order of a recipe."""
    fields = ("accession", "url", "sha256", "size", "md5", "licence", "citation", "assembly")
    more = ("assay", "target", "biosample", "output_type")
    stem = re.sub(r"[^a-z0-9._-]", "_", str(known["file"]).lower())[:64]
    found = {"id": stem, "file": known["file"], **{name: known.get(name) for name in fields}}
    return found | {name: known[name] for name in more if known.get(name) is not None}


def _digests(copy: Path, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return digest and size of a downloaded file, compared with the archive's."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with copy.open("rb") as file:
            while block := file.read(1 << 20):
                sha256.update(block)
                md5.update(block)
                size += len(block)
    except OSError as error:
        raise InputError("cannot be read", path=copy, got=error.strerror) from None
    for field, got in (("md5", md5.hexdigest()), ("size", size)):
        if found.get(field) is not None and found[field] != got:
            raise IntegrityError(
                "the file is not the archive's",
                path=copy,
                field=field,
                got=got,
                expected=found[field],
            )
    return {"sha256": sha256.hexdigest(), "md5": md5.hexdigest(), "size": size}
