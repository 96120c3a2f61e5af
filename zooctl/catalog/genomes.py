"""Genomes: locate the FASTA files of an assembly, or download the common ones from UCSC."""

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

from zooctl.catalog.root import checkout_genome, embeds, zoo_roots
from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.cache import cache_folder
from zooctl.files.disk.lock import locked
from zooctl.files.disk.pinned import PIECE, differs, is_pinned
from zooctl.files.fasta.reader import Fasta
from zooctl.progress import Advance, Progress, no_progress
from zooctl.sequence.contigs import natural

if TYPE_CHECKING:
    from zooctl.files.download.transfer import Policy

_SUFFIXES = (".fa", ".fasta", ".fna", ".fa.gz", ".fasta.gz", ".fna.gz")
_UCSC = "https://hgdownload.soe.ucsc.edu/goldenPath"


@dataclass(frozen=True)
class PublishedGenome:
    """A published genome: one FASTA file in a gzip archive.

    Attributes:
        urls: Addresses of the archive.
        archive_size: Size of the archive in bytes.
        archive_sha256: Digest of the archive, where known.
        archive_md5: Digest of the archive as its publisher lists it.
        size: Size of the FASTA file in bytes.
        sha256: Digest of the FASTA file.
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
    """Return the FASTA files of an assembly, and one line for the user that names them.

    The search order: ``fasta``; the folder ``$ZOOCTL_GENOMES``, which holds ``<assembly>.fa``
    (or .fasta, .fna, bgzipped or not) or a folder ``<assembly>``; the cache, which
    ``zooctl genome fetch`` fills; the publisher's archive in ``$ZOOCTL_DATA_MIRROR``, which is
    unpacked into the cache; contigs embedded beside the recipes, or in the checkout of zooctl that
    the current folder lies in.

    Args:
        assembly: UCSC's name: hg38, hg19, sacCer3.
        fasta: File named by the user.

    Raises:
        InputError: No place has it; the error names the places.
    """
    if fasta is not None:
        return [fasta], str(fasta)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", assembly):
        raise InputError("not the name of an assembly", got=repr(assembly))
    cached = cache_folder() / "genomes"
    embedded = [root / "recipes" / "data" for root in zoo_roots()]
    for place, origin in ((_own_folder(), "ZOOCTL_GENOMES"), (cached, "the cache")):
        if place is not None and (paths := _in_folder(place, assembly)):
            return paths, f"{assembly}: {_listed(paths)}, from {origin}"
    if assembly in PUBLISHED and _mirrored(PUBLISHED[assembly]) is not None:
        paths = [download_genome(assembly)]
        return paths, f"{assembly}: {_listed(paths)}, unpacked from the mirror"
    for folder in embedded:
        if paths := _embedded(folder, assembly):
            return paths, f"{assembly}, in part: {_listed(paths)}, embedded in recipes/data"
    if paths := checkout_genome(assembly):
        return paths, f"{assembly}, in part: {_listed(paths)}, embedded in recipes/data"
    raise _not_found(assembly, cached, embedded)


def _mirrored(genome: PublishedGenome) -> Path | None:
    """Return the archive of a genome in the mirror; None without one, or without a known digest."""
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
    return sorted(found, key=lambda path: natural(path.name))


def _listed(paths: Sequence[Path]) -> str:
    if len(paths) == 1:
        return str(paths[0])
    names = ", ".join(path.name for path in paths[:3]) + (", …" if len(paths) > 3 else "")
    return f"{paths[0].parent} ({names})"


def _not_found(assembly: str, cached: Path, embedded: Sequence[Path]) -> InputError:
    own = os.environ.get("ZOOCTL_GENOMES")
    places = [own or "ZOOCTL_GENOMES (not set)", str(cached), *map(str, embedded)]
    ways = [f"zooctl genome fetch {assembly}"] if assembly in PUBLISHED else []
    if embeds(assembly):
        ways.append("work in a checkout of zooctl, which has a part of it")
    ways.append("name its FASTA file with --fasta")
    return InputError(
        f"genome {assembly} is not here",
        got=f"nothing in {', '.join(places)}",
        hint=", or ".join(ways),
    )


def download_genome(
    assembly: str,
    *,
    progress: Progress = no_progress,
    published: PublishedGenome | None = None,
    policy: Policy | None = None,
) -> Path:
    """Download a genome into the cache, verify and unpack it, and return its FASTA file.

    An archive in ``$ZOOCTL_DATA_MIRROR`` takes the place of the download. UCSC's archives are plain
    gzip, which allows no random access, so the cache holds plain FASTA. A genome that the cache
    has, with the pinned bytes, is left alone.

    Args:
        assembly: One of ``PUBLISHED``.
        progress: Opens the progress displays of downloading and unpacking.
        published: Addresses and pins in place of those of ``PUBLISHED``; for tests.
        policy: Time limits and hosts.

    Raises:
        InputError: zooctl has no digest for that assembly, or the disk has no room for it.
        NetworkError: The download failed.
        IntegrityError: The downloaded bytes differ from the pinned ones.
    """
    from zooctl.files.download.download import download, download_folder

    genome = published or PUBLISHED.get(assembly)
    if genome is None:
        raise InputError(
            f"no published digest is known for {assembly}, so it is not downloaded",
            expected=" or ".join(PUBLISHED),
            hint="download it yourself, check it, and name it with --fasta or in ZOOCTL_GENOMES",
        )
    folder = download_folder("genomes", assembly)
    target = folder / f"{assembly}.fa"
    # No FASTA suffix: find_genome must not take the archive for a genome.
    archive = folder / f"{assembly}.archive"
    with locked(target):
        if target.is_file():
            with progress(genome.size, "B", "checking the genome in the cache") as advance:
                if is_pinned(target, genome.size, genome.sha256, advance):
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
    """Decompress an archive under the target's name, and verify the content before it appears.

    Raises:
        IntegrityError: The archive is damaged, or holds other bytes.
    """
    from zooctl.files.disk.atomic import atomic_output

    digest, size = hashlib.sha256(), 0
    with atomic_output(target, force=True) as temporary:
        try:
            with gzip.open(archive) as packed, temporary.open("wb") as plain:
                # One byte beyond the size shows that there is more; a bomb gets no further.
                while data := packed.read(min(PIECE, genome.size + 1 - size)):
                    size += len(data)
                    digest.update(data)
                    plain.write(data)
                    advance(len(data))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise IntegrityError(
                "the archive of the genome is damaged",
                path=target,
                got=error,
                expected=f"sha256 {genome.sha256}",
            ) from None
        got, pinned = (size, digest.hexdigest()), (genome.size, genome.sha256)
        if got != pinned:
            raise differs("the archived genome", got=got, expected=pinned, path=target)


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
