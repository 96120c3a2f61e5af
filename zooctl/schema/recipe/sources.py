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
        id: How the rest of the recipe names it.
        file: Path below ``recipes/data`` or a mirror; its last part is the name looked up there.
        accession: Of the archive it came from.
        url: Where it is published.
        mirrors: Where else the same bytes are.
        sha256: Of the file; what is downloaded or found has this digest or is not used.
        size: Bytes.
        md5: As the archive publishes it, where it does.
        assembly: Of its coordinates.
        assay: With target, biosample and output_type: as the archive describes the file, so that
            a re-used accession is noticed.
        lift: Source of the UCSC chain file that brings its intervals to the genome's assembly;
            for reads, fragments, peaks and regions of another one.
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
    lift: Name | None = None


def assembly_problems(sources: tuple[Source, ...], assembly: str) -> Iterator[Problem]:
    """Yield the sources that lie neither on an assembly nor are lifted to it."""
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
    """The genome that windows are cut from, found as ``zooctl genome`` finds it."""

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
        """The same as integers that compute."""
        return Geometry(self.input_length, self.output_length, self.bin_size, self.core_length)
