"""Genomes: where the FASTA files of an assembly are, and fetching the common ones from UCSC."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.catalog.root import zoo_root
from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.cache import cache_folder
from zooctl.files.fasta.reader import Fasta
from zooctl.progress import Advance, Progress, no_progress

if TYPE_CHECKING:
    from zooctl.files.download.transfer import Policy

_SUFFIXES = (".fa", ".fasta", ".fna", ".fa.gz", ".fasta.gz", ".fna.gz")
_UCSC = "https://hgdownload.soe.ucsc.edu/goldenPath"


@dataclass(frozen=True)
class PublishedGenome:
    """A genome as its publisher offers it: a FASTA file in one gzip archive.

    Attributes:
        urls: Of the archive.
        archive_size: Its bytes.
        archive_sha256: Its digest, where known.
        archive_md5: Its digest as the publisher lists it, where that is all there is.
        size: Bytes of the FASTA file in it.
        sha256: Digest of the FASTA file in it.
    """

    urls: tuple[str, ...]
    archive_size: int
    size: int
    sha256: str
    archive_sha256: str | None = None
    archive_md5: str | None = None


PUBLISHED = {
    "hg38": PublishedGenome(
        urls=(f"{_UCSC}/hg38/bigZips/hg38.fa.gz",),
        archive_size=983_659_424,
        archive_sha256="c1dd87068c254eb53d944f71e51d1311964fce8de24d6fc0effc9c61c01527d4",
        archive_md5="1c9dcaddfa41027f17cd8f7a82c7293b",
        size=3_273_481_150,
        sha256="5be01555d98347fdb3714dc84c6f77c9d8bc774adcf32c6f7a8fa06f5baf5e51",
    ),
    # UCSC's md5sum.txt is all that is published for the archive. The digest of the FASTA in it
    # is in public code that reads it behind that MD5.
    "hg19": PublishedGenome(
        urls=(f"{_UCSC}/hg19/bigZips/hg19.fa.gz",),
        archive_size=948_731_419,
        archive_md5="806c02398f5ac5da8ffd6da2d1d5d1a9",
        size=3_199_905_909,
        sha256="92b96d16b307d824f3b6b9dc63feb237a75226f82ca2166d51ecec039bee4449",
    ),
    # Also the archive that bionumpy ships as example_data/sacCer3.fa.gz.
    "sacCer3": PublishedGenome(
        urls=(f"{_UCSC}/sacCer3/bigZips/sacCer3.fa.gz",),
        archive_size=3_820_548,
        archive_sha256="e3a70396853eff5a012077efbd06cb97d858e12349745d102e316bb8f620f266",
        size=12_400_379,
        sha256="6ff72f079c3268431fc514a1a88730f8290e717663d343fa8a3590af65c422c3",
    ),
}


def find_genome(assembly: str, fasta: Path | None = None) -> tuple[list[Path], str]:
    """Return the FASTA files of an assembly, and one line that says which they are.

    Looked up in this order: ``fasta``; the folder ``$ZOOCTL_GENOMES``, which holds
    ``<assembly>.fa`` (or .fasta, .fna, bgzipped or not) or a folder ``<assembly>``; what
    ``zooctl genome fetch`` put into the cache; the publisher's archive in
    ``$ZOOCTL_DATA_MIRROR``, which is unpacked into the cache; what is embedded beside the recipes.

    Args:
        assembly: UCSC's name: hg38, hg19, sacCer3.
        fasta: What the user named; it wins.

    Raises:
        InputError: There is none; says where it was looked for.
    """
    if fasta is not None:
        return [fasta], f"{assembly}: {fasta}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", assembly):
        raise InputError("not the name of an assembly", got=repr(assembly))
    cached = cache_folder() / "genomes"
    embedded = zoo_root() / "recipes" / "data"
    for folder, origin in ((_own_folder(), "ZOOCTL_GENOMES"), (cached, "the cache")):
        if folder is not None and (paths := _in_folder(folder, assembly)):
            return paths, f"{assembly}: {_listed(paths)}, from {origin}"
    if assembly in PUBLISHED and _mirrored(PUBLISHED[assembly]) is not None:
        paths = [fetch(assembly)]
        return paths, f"{assembly}: {_listed(paths)}, unpacked from the mirror"
    if paths := _embedded(embedded, assembly):
        return paths, f"{assembly}, in part: {_listed(paths)}, embedded in recipes/data"
    raise _not_found(assembly, cached, embedded)


def _mirrored(genome: PublishedGenome) -> Path | None:
    """Return the archive of a genome in the mirror, if its digest is known and it is there."""
    from zooctl.catalog.data import mirrored

    if genome.archive_sha256 is None:
        return None
    name = genome.urls[0].rpartition("/")[2]
    return mirrored(name, sha256=genome.archive_sha256, size=genome.archive_size)


def _own_folder() -> Path | None:
    own = os.environ.get("ZOOCTL_GENOMES")
    if not own:
        return None
    if not Path(own).is_dir():
        raise InputError("no such folder", path=own, hint="ZOOCTL_GENOMES is a folder of genomes")
    return Path(own)


def _in_folder(folder: Path, assembly: str) -> list[Path]:
    """Return ``<assembly>.fa`` of a folder, or the files of its folder ``<assembly>``."""
    for place in (folder, folder / assembly):
        for suffix in _SUFFIXES:
            if (path := place / f"{assembly}{suffix}").is_file():
                return [path]
    return _fasta_files((folder / assembly).glob("*"))


def _embedded(folder: Path, assembly: str) -> list[Path]:
    """Return files such as ``hg19_chr20_chr21/hg19.chr20.fa.gz``."""
    return _fasta_files(folder.glob(f"{assembly}_*/{assembly}.*"))


def _fasta_files(paths: Iterable[Path]) -> list[Path]:
    """Return the FASTA files among paths, chr2 before chr10."""
    found = [
        path
        for path in paths
        if path.name.endswith(_SUFFIXES) and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=_natural)


def _natural(path: Path) -> list[tuple[str, int]]:
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", path.name)]


def _listed(paths: Sequence[Path]) -> str:
    if len(paths) == 1:
        return str(paths[0])
    names = ", ".join(path.name for path in paths[:3]) + (", …" if len(paths) > 3 else "")
    return f"{paths[0].parent} ({names})"


def _not_found(assembly: str, cached: Path, embedded: Path) -> InputError:
    own = os.environ.get("ZOOCTL_GENOMES")
    places = [own or "ZOOCTL_GENOMES (not set)", str(cached), str(embedded)]
    fetch = f"zooctl genome fetch {assembly}, or " if assembly in PUBLISHED else ""
    return InputError(
        f"genome {assembly} is not here",
        got=f"nothing in {', '.join(places)}",
        hint=f"{fetch}name its FASTA file with --fasta",
    )


def fetch(
    assembly: str,
    *,
    progress: Progress = no_progress,
    published: PublishedGenome | None = None,
    policy: Policy | None = None,
) -> Path:
    """Download a genome into the cache, verify it and unpack it; return its FASTA file.

    An archive in ``$ZOOCTL_DATA_MIRROR`` takes the place of the download. UCSC's archives are plain
    gzip, in which nothing can be looked up, so the cache holds the FASTA as it is. What is there
    already and right is left alone.

    Args:
        assembly: One of ``PUBLISHED``.
        bar: Makes the progress bars of downloading and unpacking.
        published: Where it is and what it must be; for tests.
        policy: Time limits and hosts.

    Raises:
        InputError: zooctl has no digest for that assembly, or the disk has no room for it.
        NetworkError: It could not be fetched.
        IntegrityError: What came is not the genome that is pinned.
    """
    from zooctl.files.download.download import download, download_folder, locked

    genome = published or PUBLISHED.get(assembly)
    if genome is None:
        raise InputError(
            f"no published digest is known for {assembly}, so it is not fetched",
            expected=" or ".join(PUBLISHED),
            hint="fetch it yourself, check it, and name it with --fasta or in ZOOCTL_GENOMES",
        )
    folder = download_folder("genomes", assembly)
    target = folder / f"{assembly}.fa"
    # No FASTA suffix: find_genome must not take the archive for a genome.
    archive = folder / f"{assembly}.archive"
    with locked(target):
        if _is_there(target, genome, progress):
            return target
        if (mirrored := _mirrored(genome)) is not None:
            _check_room(folder, genome.size)
            with progress(genome.size, "B", f"unpacking {assembly}") as advance:
                _unpack(mirrored, target, genome, advance)
            return target
        _check_room(folder, genome.size + (0 if archive.exists() else genome.archive_size))
        with progress(genome.archive_size, "B", f"downloading {assembly}") as advance:
            download(
                genome.urls,
                archive,
                size=genome.archive_size,
                sha256=genome.archive_sha256,
                md5=genome.archive_md5,
                progress=advance,
                policy=policy,
            )
        try:
            with progress(genome.size, "B", f"unpacking {assembly}") as advance:
                _unpack(archive, target, genome, advance)
        except IntegrityError:
            archive.unlink()
            raise
        archive.unlink()
    return target


def _is_there(target: Path, genome: PublishedGenome, progress: Progress) -> bool:
    """Say whether the cache has the genome, after hashing it."""
    if not target.is_file() or target.stat().st_size != genome.size:
        return False
    digest = hashlib.sha256()
    with (
        target.open("rb") as file,
        progress(genome.size, "B", "checking what is in the cache") as advance,
    ):
        while data := file.read(1 << 20):
            digest.update(data)
            advance(len(data))
    return digest.hexdigest() == genome.sha256


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            "no space left for the genome",
            path=folder,
            got=f"{free:,} bytes free",
            expected=f"{needed:,} bytes",
            hint="free some space, or set ZOOCTL_HOME to a folder on another disk",
        )


def _unpack(archive: Path, target: Path, genome: PublishedGenome, advance: Advance) -> None:
    """Decompress the archive under the target's name if the content is what is pinned."""
    from zooctl.files.disk.atomic import atomic_output

    digest, size = hashlib.sha256(), 0
    with atomic_output(target, force=True) as temporary:
        try:
            with gzip.open(archive) as packed, temporary.open("wb") as plain:
                # One byte beyond the size shows that there is more; a bomb gets no further.
                while data := packed.read(min(1 << 20, genome.size + 1 - size)):
                    size += len(data)
                    digest.update(data)
                    plain.write(data)
                    advance(len(data))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            size = -1
        if size != genome.size or digest.hexdigest() != genome.sha256:
            raise IntegrityError(
                "the archive does not hold the pinned genome",
                path=target,
                got="a damaged archive" if size < 0 else f"sha256 {digest.hexdigest()}",
                expected=f"sha256 {genome.sha256}",
            )


def open_genome(assembly: str, paths: Sequence[Path], progress: Progress = no_progress) -> Fasta:
    """Open the genome of an assembly.

    Args:
        assembly: Its name, for the display.
        paths: Its FASTA files; one seen for the first time is scanned from end to end.
        progress: Opens the display of that scan.
    """
    size = sum(path.stat().st_size for path in paths if path.is_file())
    with progress(size, "B", f"reading {assembly}") as advance:
        return Fasta(*paths, progress=advance)
