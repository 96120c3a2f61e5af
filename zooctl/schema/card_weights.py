"""The part of a card that says where its weights are: files, hub, or the authors' own files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from zooctl.schema.fields import FilePath, Items, Problem, Revision, Sha256, Url, Values, repeated


class WeightFile(Values):
    """One file of weights; ``path`` is below the entry's folder, ``url`` another place of it."""

    path: FilePath
    sha256: Sha256
    size: Annotated[int, Field(ge=1)]
    url: Url | None = None


class Hub(Values):
    """A repository on the Hugging Face hub, pinned to a commit."""

    repo: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$", max_length=96)]
    revision: Revision


class Origin(Values):
    """A file that the authors of the weights published; the graph is filled from it at first use.

    Attributes:
        file: Its name, for a search in a mirror.
        url: Its address.
        format: ``keras_hdf5``, ``torch_state_dict`` or ``deepbind_text``: named float32 arrays.
    """

    file: FilePath
    url: Url
    sha256: Sha256
    size: Annotated[int, Field(ge=1)]
    format: Literal["keras_hdf5", "torch_state_dict", "deepbind_text"]


class CardWeights(Values):
    """Places of the weights: files with digests, hub commits in order, the published files."""

    files: Items[WeightFile] = ()
    hub: Hub | None = None
    mirrors: Items[Hub] = ()
    origin: Origin | None = None
    origins: Items[Origin] = ()

    @property
    def published(self) -> tuple[Origin, ...]:
        """The files that the graph is made of, one or several."""
        return self.origins if self.origin is None else (self.origin,)

    def problems(self) -> Iterator[Problem]:
        if not self.files and self.hub is None:
            yield Problem("", "weights have no place", expected="files, hub, or null with a reason")
        if self.mirrors and self.hub is None:
            yield Problem("mirrors", "mirrors of nothing", expected="hub")
        for path in repeated([file.path for file in self.files]):
            yield Problem("files", "two files have one path", path)
        if self.origin is not None and self.origins:
            yield Problem("origins", "published files twice", expected="origin or origins")
        for path in repeated([origin.file for origin in self.origins]):
            yield Problem("origins", "two files have one name", path)
        if self.published and "model.onnx" not in [file.path for file in self.files]:
            what = "the graph that is made of the origin is missing"
            yield Problem("files", what, expected="model.onnx")
