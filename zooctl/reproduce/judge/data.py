"""Whether the data of a recipe are published, here with the pinned bytes, and still stood by.

The rule of criterion B1, for every source of the recipe:

- Its bytes are here and have the pinned sha256. Where they come from does not matter: they travel
  with the recipe, lie in a data mirror or the cache, or are downloaded.
- It is published: it travels with the recipe, has an address, or names the record of an archive by
  its accession. An accession may be of what the bytes were derived from; the report then says so.
  A source with neither may be here, but nobody else would know where to look for it.
- The genome is here, and each contig that training reads has the sequence that the manifest pins.
- Where its archive can be asked (ENCODE), and a full run is online, the archive still stands by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zooctl.catalog import encode_portal as encode
from zooctl.catalog.data import locate
from zooctl.catalog.entry import Entry
from zooctl.catalog.genomes import find_genome
from zooctl.errors import InputError, IntegrityError, ManyErrors, NetworkError, ZooError
from zooctl.files.download.download import is_offline
from zooctl.files.download.transfer import Policy
from zooctl.files.fasta.reader import Fasta
from zooctl.reproduce.judge.entry import Findings, plain
from zooctl.reproduce.report.levels import Status
from zooctl.reproduce.report.report import DataFile
from zooctl.schema.manifest import contig_digest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.sources import Source

_Found = Literal["ok", "changed", "missing"]

_UNPUBLISHED = "here, but neither address nor accession says where others find it"
_MENDED = "an address, an accession or a copy in recipes/data would mend it"


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
    """Judge B1: find or fetch every source, by its digest.

    Args:
        findings: Receives the verdict.
        fasta: Genome, if not the one that the assembly leads to.
        ask: Whether to ask archives what they say of their files today.
    """
    if findings.entry.recipe_path is None:
        findings.judge("B1", "skip", "the model has no recipe that names its data")
        return []
    recipe = findings.entry.recipe()
    archive = _Archive(findings)
    files = []
    for index, source in enumerate(recipe.sources):
        found = _source(source, _reasons(recipe, index), findings)
        if found.status == "ok" and encode.is_encode_file(source):
            said = archive.ask(source) if ask else "not asked: only a full run does"
            found = found.model_copy(update={"archive": said})
        files.append(found)
    files += _genome(recipe, findings, fasta)
    bad = [one for one in files if one.status != "ok"]
    secret = [one for one in files if one.status == "ok" and _is_secret(one)]
    if archive.wrong:
        findings.judge("B1", "fail", "; ".join(archive.wrong))
    elif bad:
        status: Status = "fail" if any(one.status == "changed" for one in bad) else "skip"
        findings.judge("B1", status, "; ".join(one.note or one.id for one in bad))
    elif secret:
        notes = "; ".join(
            f"{', '.join(one.id for one in secret if one.note == note)}: {note}"
            for note in dict.fromkeys(one.note for one in secret)
        )
        findings.judge("B1", "skip", f"{notes}; {_MENDED}")
    else:
        shown = "; ".join(f"{one.id} ({one.origin}) {one.note}" for one in files)
        findings.judge("B1", "pass", f"sha256 as pinned: {shown or 'no source'}")
    return files


def _contig(recipe: Recipe, chrom: str) -> str:
    return f"{recipe.genome.assembly} {chrom}"


def _genome(recipe: Recipe, findings: Findings, fasta: Path | None) -> list[DataFile]:
    """Hold each contig that training reads against what the manifest pins of it."""
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
            findings.fault(error)
        status: _Found = "missing" if is_missing else "changed"
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
    findings.fault(error)
    return _of_contig(recipe, chrom, expected, "changed", plain(error, findings.entry.root))


def _of_contig(recipe: Recipe, chrom: str, expected: str, status: _Found, note: str) -> DataFile:
    return DataFile(
        id=_contig(recipe, chrom),
        expected=expected,
        status=status,
        origin="genome" if status == "ok" else None,
        note=note,
    )


def _is_secret(file: DataFile) -> bool:
    return file.note is not None and file.note.startswith(_UNPUBLISHED)


def _reasons(recipe: Recipe, index: int) -> dict[str, str]:
    """Return why a source has no address, accession or digest, as the recipe says it."""
    found = {}
    for field in ("url", "accession", "sha256"):
        reasons = (recipe.unknown.get(f"sources.{n}.{field}") for n in (index, "*"))
        if reason := next((one for one in reasons if one is not None), None):
            found[field] = reason.rstrip(".")
    return found


def _source(source: Source, reasons: dict[str, str], findings: Findings) -> DataFile:
    """Find one source, and say where it is published."""
    status: Literal["missing", "changed"] = "missing"
    if source.sha256 is None:
        why = f": {reasons['sha256']}" if "sha256" in reasons else ""
        where = source.url or source.accession or "has no address"
        note = f"source {source.id} ({where}) is not pinned{why}"
        return DataFile(id=source.id, expected=None, status=status, origin=None, note=note)
    expected = f"sha256:{source.sha256}"
    try:
        found = locate(source)
    except IntegrityError as error:
        findings.fault(error)
        status, note = "changed", plain(error, findings.entry.root)
    except NetworkError:
        note = f"source {source.id} is not here, and could not be fetched"
    except ZooError as error:
        note = plain(error, findings.entry.root)
    else:
        if found.origin == "embedded":
            note = "published beside the recipe"
        elif address := next(filter(None, (source.url, *source.mirrors)), None):
            note = f"published as {address}"
        elif source.accession:
            why = f" ({reasons['url']})" if "url" in reasons else ""
            note = f"published as {source.accession}; the pinned bytes have no address{why}"
            findings.warnings.append(
                f"source {source.id}: the pinned bytes have no address; who has none of them finds "
                f"{source.accession}"
            )
        else:
            named = {"url": "address", "accession": "accession"}
            why = "; ".join(f"no {named[field]}: {reasons[field]}" for field in named)
            note = f"{_UNPUBLISHED} ({why})" if why else _UNPUBLISHED
        return DataFile(
            id=source.id, expected=expected, status="ok", origin=found.origin, note=note
        )
    return DataFile(id=source.id, expected=expected, status=status, origin=None, note=note)


class _Archive:
    """Asks an archive what it says of its files today, until it once does not answer."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.policy = Policy()
        self.silent: str | None = "offline" if is_offline() else None
        self.wrong: list[str] = []

    def ask(self, source: Source) -> str:
        """Return what the archive says of a source; what speaks against it is a fault."""
        if self.silent is not None:
            return f"not asked: {self.silent}"
        try:
            document = encode.download_record(str(source.accession), self.policy)
            notes = encode.check(source, document)
        except encode.UnreachableError:
            self.silent = "ENCODE does not answer"
            self.findings.warnings.append("the status of files at ENCODE is not known: no answer")
            return f"not asked: {self.silent}"
        except ZooError as error:
            several = error.errors if isinstance(error, ManyErrors) else [error]
            for one in several:
                self.findings.fault(one)
            texts = [plain(one, self.findings.entry.root) for one in several]
            self.wrong += texts
            return "; ".join(texts)
        self.findings.warnings += notes
        return str(document.get("status"))
