"""Sources of a recipe, its genome and its window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from zooctl.schema.fields import (
    FilePath,
    Items,
    Licence,
    Md5,
    Name,
    Problem,
    Sha256,
    Text,
    TrackName,
    Url,
    Values,
    geometry_problems,
)
from zooctl.schema.recipe.bounds import Count
from zooctl.sequence.windows import Geometry


class Source(Values):
    """One data file, pinned by its bytes.

    Attributes:
        id: Its name in the rest of the recipe.
        file: Path below ``recipes/data``; in a mirror, its last part is looked up.
        accession: In its archive.
        url: Of the published file.
        mirrors: Further URLs of the same bytes.
        sha256: Of the file; a file with another digest is not used.
        size: Bytes.
        md5: As published by the archive.
        assembly: Of its coordinates.
        assay: The archive's description of the file, with target, biosample and output_type; a
            re-used accession is noticed by it.
        batch: Laboratory, sequencing run or other origin that may leave its own mark; `audit`
            compares it with biology.
        lift: Source of the UCSC chain file that lifts its intervals to the genome's assembly;
            for reads, fragments, peaks and regions.
    """

    id: Name
    file: FilePath
    accession: Text | None
    url: Url | None
    mirrors: Items[Url] = ()
    sha256: Sha256 | None
    size: Annotated[int, Field(ge=1)] | None
    md5: Md5 | None = None
    licence: Licence
    citation: Text
    assembly: TrackName
    assay: Text | None = None
    target: Text | None = None
    biosample: Text | None = None
    output_type: Text | None = None
    batch: Text | None = None
    lift: Name | None = None


def assembly_problems(sources: tuple[Source, ...], assembly: str) -> Iterator[Problem]:
    """Yield the sources that neither lie on an assembly nor are lifted to it."""
    chains = {source.lift: source for source in sources if source.lift is not None}
    for index, source in enumerate(sources):
        field = f"sources.{index}.assembly"
        if source.id in chains:
            if source.assembly != (start := chains[source.id].assembly):
                what = "chain file does not begin at the assembly that it lifts"
                yield Problem(field, what, source.assembly, start)
            if source.lift is not None:
                yield Problem(f"sources.{index}.lift", "a chain file is not lifted", source.lift)
        elif source.lift is not None and source.assembly == assembly:
            yield Problem(f"sources.{index}.lift", "source lies on the genome's assembly already")
        elif source.lift is None and source.assembly != assembly:
            what = "source lies on another assembly than the genome"
            yield Problem(field, what, source.assembly, assembly)


class GenomeChoice(Values):
    """The genome that windows are cut from, resolved as by ``zooctl genome``."""

    assembly: TrackName


class Window(Values):
    """Lengths in bp of a training example, as on the card."""

    input_length: Count
    output_length: Count
    bin_size: Count
    core_length: Count

    def problems(self) -> Iterator[Problem]:
        yield from geometry_problems(
            self.input_length, self.output_length, self.bin_size, self.core_length
        )

    @property
    def geometry(self) -> Geometry:
        """Return the lengths with their arithmetic."""
        return Geometry(self.input_length, self.output_length, self.bin_size, self.core_length)
