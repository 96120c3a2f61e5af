"""Evidence for B1: the sources of a recipe and its genome, here with the pinned bytes.

A source may travel with the recipe, lie in a data mirror or the cache, or be downloaded: only its
sha256 counts. Where its archive can be asked (ENCODE), and a full run is online, the archive has to
stand by it still. Each contig that training reads has to have the sequence that the manifest pins.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zooctl.catalog.data import locate
from zooctl.catalog.entry import Entry
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.origin import encode_portal as encode
from zooctl.errors import InputError, IntegrityError, ManyErrors, NetworkError, ZooError
from zooctl.files.download.download import is_offline
from zooctl.files.download.transfer import Policy
from zooctl.files.fasta.reader import Fasta
from zooctl.reproduction.evidence.findings import Findings, plain
from zooctl.reproduction.report.rows import DataFile
from zooctl.schema.manifest import contig_digest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.sources import Source

_Status = Literal["ok", "changed", "missing"]

_NOT_ASKED = "not asked: "


def pinned_data(entry: Entry) -> dict[str, str | None]:
    """Return the digest of each source of an entry's recipe, and of each contig that it reads."""
    if entry.recipe_path is None:
        return {}
    recipe = entry.recipe()
    return {
        **{one.id: one.sha256 and f"sha256:{one.sha256}" for one in recipe.sources},
        **{_contig(recipe, chrom): digest for chrom, digest in (_contigs(entry) or {}).items()},
    }


def _contigs(entry: Entry) -> dict[str, str] | None:
    """Return the digest of each contig that the manifest pins; None where it pins none."""
    return None if entry.folder is None else entry.manifest().genome


def check_data(findings: Findings, *, ask: bool, fasta: Path | None = None) -> list[DataFile]:
    """Find or download every source, and read every contig that the manifest pins.

    Args:
        findings: Receives faults of B1, and warnings.
        ask: True to ask archives for the status of their files.
        fasta: Genome, if not the one that the assembly leads to.
    """
    if findings.entry.recipe_path is None:
        return []
    recipe = findings.entry.recipe()
    archive = _Archive(findings)
    files = []
    for index, source in enumerate(recipe.sources):
        found = _source(source, _reasons(recipe, index), findings)
        if found.status == "ok" and encode.is_encode_file(source):
            said = archive.ask(source) if ask else f"{_NOT_ASKED}only a full run does"
            found = found.model_copy(update={"archive": said})
        files.append(found)
    return files + _genome(recipe, findings, fasta)


def is_published(source: Source, origin: str | None) -> bool:
    """Say whether others can get the pinned bytes of a source: beside the recipe, or by address.

    An accession is no address: it may be of the data that these bytes were derived from, and
    ``zooctl data fetch`` finds nothing by it.
    """
    return origin == "embedded" or bool(source.url or source.mirrors)


def stands(archive: str | None) -> bool:
    """Say whether an archive stands by a file, as far as it was asked (``DataFile.archive``)."""
    return archive is None or archive in encode.STATUSES or archive.startswith(_NOT_ASKED)


def _contig(recipe: Recipe, chrom: str) -> str:
    return f"{recipe.genome.assembly} {chrom}"


def _genome(recipe: Recipe, findings: Findings, fasta: Path | None) -> list[DataFile]:
    """Compare each contig that training reads with its digest in the manifest."""
    entry = findings.entry
    pinned = _contigs(entry)
    if pinned is None:
        if entry.folder is not None:
            findings.warnings.append("the manifest does not say which sequence was trained on")
        return []
    found = []
    try:
        paths, _ = find_genome(recipe.genome.assembly, fasta)
        with Fasta(*paths) as genome:
            for chrom, expected in pinned.items():
                found.append(_sequence(recipe, chrom, expected, genome, findings))
    except ZooError as error:
        # A file that is damaged cannot be read; one that is not here is no fault.
        is_missing = isinstance(error, InputError)
        if not is_missing:
            findings.fault("B1", error)
        status: _Status = "missing" if is_missing else "changed"
        note = plain(error, entry.root)
        for chrom in list(pinned)[len(found) :]:
            found.append(_of_contig(recipe, chrom, pinned[chrom], status, note))
    return found


def _sequence(
    recipe: Recipe, chrom: str, expected: str, genome: Fasta, findings: Findings
) -> DataFile:
    name = _contig(recipe, chrom)
    if chrom not in genome.contigs:
        note = f"{name} is not in the genome that is here"
        return _of_contig(recipe, chrom, expected, "missing", note)
    found = contig_digest(genome.codes(chrom, 0, genome.contigs[chrom]))
    if found == expected:
        return _of_contig(recipe, chrom, expected, "ok", "the sequence that the manifest pins")
    # Of several files, the one that is named after the contig.
    files = [one for one in genome.paths if len(genome.paths) == 1 or f".{chrom}." in one.name]
    error = IntegrityError(
        f"{name} is not the sequence that the model was trained on",
        path=next(iter(files), None),
        got=found,
        expected=expected,
    )
    findings.fault("B1", error)
    return _of_contig(recipe, chrom, expected, "changed", plain(error, findings.entry.root))


def _of_contig(recipe: Recipe, chrom: str, expected: str, status: _Status, note: str) -> DataFile:
    return DataFile(
        id=_contig(recipe, chrom),
        expected=expected,
        status=status,
        origin="genome" if status == "ok" else None,
        note=note,
    )


def _reasons(recipe: Recipe, index: int) -> dict[str, str]:
    """Return the recipe's reasons for a source without address, accession or digest."""
    found = {}
    for field in ("url", "accession", "sha256"):
        reasons = (recipe.unknown.get(f"sources.{n}.{field}") for n in (index, "*"))
        if reason := next((one for one in reasons if one is not None), None):
            found[field] = reason.rstrip(".")
    return found


def _source(source: Source, reasons: dict[str, str], findings: Findings) -> DataFile:
    """Find one source, and note where it is published."""

    def row(status: _Status, note: str, origin: str | None = None) -> DataFile:
        expected = source.sha256 and f"sha256:{source.sha256}"
        return DataFile(id=source.id, expected=expected, status=status, origin=origin, note=note)

    if source.sha256 is None:
        why = f": {reasons['sha256']}" if "sha256" in reasons else ""
        where = source.url or source.accession or "has no address"
        return row("missing", f"source {source.id} ({where}) is not pinned{why}")
    try:
        found = locate(source)
    except IntegrityError as error:
        findings.fault("B1", error)
        return row("changed", plain(error, findings.entry.root))
    except NetworkError:
        return row("missing", f"source {source.id} is not here, and could not be downloaded")
    except ZooError as error:
        return row("missing", plain(error, findings.entry.root))
    return row("ok", _place(source, found.origin, reasons), found.origin)


def _place(source: Source, origin: str, reasons: dict[str, str]) -> str:
    """Return the place where others find a source."""
    if origin == "embedded":
        return "published beside the recipe"
    if address := next(filter(None, (source.url, *source.mirrors)), None):
        return f"published as {address}"
    if source.accession:
        why = f" ({reasons['url']})" if "url" in reasons else ""
        return f"derived from {source.accession}, and the pinned bytes have no address{why}"
    named = {"url": "address", "accession": "accession"}
    why = "; ".join(f"no {named[field]}: {reasons[field]}" for field in named)
    return f"here, and neither address nor accession says where others find it ({why})"


class _Archive:
    """Asks an archive for the status of its files, until it once does not answer."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.policy = Policy()
        self.silent: str | None = "offline" if is_offline() else None

    def ask(self, source: Source) -> str:
        """Return the archive's status of a source; an objection is a fault of B1."""
        if self.silent is not None:
            return f"{_NOT_ASKED}{self.silent}"
        try:
            document = encode.download_record(str(source.accession), self.policy)
            notes = encode.check(source, document)
        except encode.UnreachableError:
            self.silent = "ENCODE does not answer"
            self.findings.warnings.append("the status of files at ENCODE is not known: no answer")
            return f"{_NOT_ASKED}{self.silent}"
        except ZooError as error:
            several = error.errors if isinstance(error, ManyErrors) else [error]
            for one in several:
                self.findings.fault("B1", one)
            return "; ".join(plain(one, self.findings.entry.root) for one in several)
        self.findings.warnings += notes
        return str(document.get("status"))
