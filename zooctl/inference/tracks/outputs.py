"""Files of predicted tracks: their names, whether they can be written, and their writers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.files.disk.atomic import check_output
from zooctl.files.disk.names import file_named, folder_named
from zooctl.files.intervals.bedgraph import BedGraphWriter
from zooctl.inference.tracks.predict import Sink

_ENDINGS = (".bw", ".bigwig", ".bedgraph.gz", ".bedgraph")


class NamedTracks(NamedTuple):
    """The tracks of a model that are written.

    Attributes:
        model: Its name.
        tracks: Their names.
        of_several: Whether the model has more than one track.
    """

    model: str
    tracks: Sequence[str]
    of_several: bool


def track_paths(
    stem: str, output: str | Path | None, models: Sequence[NamedTracks]
) -> list[list[Path]]:
    """Return the path of each track to write, for each model.

    Args:
        stem: Beginning of the names of files in a folder.
        output: File or folder; by default the working folder.
        models: The models.

    Raises:
        InputError: The output's name does not end as that of a bigWig.
    """
    folder = Path() if output is None else folder_named(output)
    file = Path() if output is None or folder else file_named(output, _ENDINGS, default="")
    targets = []
    for model, tracks, of_several in models:
        paths = []
        for track in tracks:
            if folder is not None:
                parts = [stem, model] + ([track] if of_several else [])
                paths.append(folder / ".".join([*parts, "bw"]))
            else:
                parts = [model] * (len(models) > 1) + [track] * (len(tracks) > 1)
                ending = next(end for end in _ENDINGS if file.name.lower().endswith(end))
                begin, last = file.name[: -len(ending)], file.name[-len(ending) :]
                paths.append(file.with_name(".".join([begin, *parts]) + last))
        targets.append(paths)
    return targets


def check_tracks(targets: Sequence[Sequence[Path]], inputs: Sequence[Path], force: bool) -> None:
    """Refuse outputs that cannot be written, all of them in one error.

    Raises:
        InputError: There is one.
        ManyErrors: There are several.
    """
    errors: list[ZooError] = []
    for path in (path for paths in targets for path in paths):
        try:
            check_output(path, force, inputs)
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


def open_track(path: Path, contigs: Mapping[str, int], force: bool, stack: ExitStack) -> Sink:
    """Open the writer of one track's file.

    Args:
        path: The file.
        contigs: Length of every contig in bp.
        force: Replace an existing file.
        stack: Closes it.
    """
    if path.name.lower().endswith((".bedgraph", ".bedgraph.gz")):
        return stack.enter_context(BedGraphWriter(path, contigs, force=force))
    return stack.enter_context(BigWigWriter(path, contigs, force=force))
