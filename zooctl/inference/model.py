"""A model of the zoo, ready to predict: its card, graph and session, each read on first use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from zooctl.catalog.entry import Entry
from zooctl.catalog.genomes import find_genome, open_genome
from zooctl.catalog.root import is_in_use
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import InputError, UnsafeError
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.device.announce_remarks import announce_genome
from zooctl.inference.device.session import Session
from zooctl.inference.engine.changes.choose import open_changes
from zooctl.inference.engine.changes.windows import Changes
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.engine.tiles import open_tiles
from zooctl.inference.examine_in_child import examine_once
from zooctl.inference.options.hardware import Hardware
from zooctl.inference.options.predict_and_score import (
    DEFAULT_SESSION,
    NO_INPUTS,
    InputOptions,
    SessionOptions,
)
from zooctl.inference.other_inputs.given_inputs import given_inputs, reads_more
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.progress import Progress, Say
from zooctl.schema.card import Card


class OpenModel:
    """An entry of the zoo with the options of its session.

    Args:
        entry: The model.
        options: Options of its session.
        inputs: What it reads beside the sequence.
    """

    def __init__(
        self,
        entry: Entry,
        options: SessionOptions = DEFAULT_SESSION,
        inputs: InputOptions = NO_INPUTS,
    ) -> None:
        self.entry = entry
        self.options = options
        self.inputs = inputs

    @cached_property
    def card(self) -> Card:
        """The card."""
        return self.entry.card()

    @cached_property
    def graph(self) -> bytes:
        """The verified ONNX graph; downloaded where it is not here.

        That of a model outside of the zoo is examined in a child process, once
        (``examine_in_child``).
        """
        graph = onnx_bytes(self.entry)
        if self.entry.hub is not None or not is_in_use(self.entry.root):
            examine_once(graph, self.card)
        return graph

    @cached_property
    def weights_digest(self) -> str:
        """sha256 of the graph with its weights."""
        return hashlib.sha256(self.graph).hexdigest()

    @property
    def hardware(self) -> Hardware:
        """The device, with the arithmetic that its options name and its card allows."""
        return self.options.hardware(self.card.lower_precision)

    @cached_property
    def reads_more(self) -> bool:
        """Whether the network reads something beside the sequence, as its recipe says."""
        return self.entry.recipe_path is not None and reads_more(self.entry.recipe())

    @cached_property
    def session(self) -> Session | SeveralInputs:
        """The network on its device.

        Raises:
            InputError: It reads something beside the sequence that is not given, or the other way.
            UnsafeError: It is a model outside of the zoo that reads more than the sequence.
            ZooError: As ``Session``.
        """
        recipe = None if self.entry.recipe_path is None else self.entry.recipe()
        if recipe is not None and self.reads_more:
            if self.entry.hub is not None or not is_in_use(self.entry.root):
                what = "a model outside of the zoo may read the sequence alone"
                raise UnsafeError(what, got=self.entry.name)
            return SeveralInputs(
                self.graph,
                geometry=self.card.geometry,
                n_tracks=self.card.n_tracks,
                unknown_base=self.card.unknown_base,
                given=given_inputs(recipe, self.inputs),
                device=self.hardware,
                threads=self.options.threads,
                batch_size=self.options.batch_size,
            )
        if self.inputs.any:
            raise InputError("the model reads the sequence alone", got=self.entry.name)
        return Session(
            self.graph,
            geometry=self.card.geometry,
            n_tracks=self.card.n_tracks,
            unknown_base=self.card.unknown_base,
            device=self.hardware,
            threads=self.options.threads,
            batch_size=self.options.batch_size,
        )

    @cached_property
    def network(self) -> FollowedNetwork:
        """The network for windows that share what they can.

        Raises:
            ZooError: As ``Session``, which checks the graph first.
        """
        session, card = self.session, self.card
        return FollowedNetwork(self.graph, session.geometry, session.n_tracks, card.unknown_base)

    @cached_property
    def tiles(self) -> SharedWindows | None:
        """The network on tiles of the genome grid; None where windows are predicted one by one.

        Raises:
            ZooError: As ``Session``.
        """
        if self.options.engine != "auto" or isinstance(self.session, SeveralInputs):
            return None
        return open_tiles(self.network, self.options)

    @cached_property
    def changes(self) -> Changes | None:
        """The network on what differs from a window at a few bases; None for windows one by one.

        Raises:
            ZooError: As ``Session``.
        """
        if self.options.engine != "auto" or isinstance(self.session, SeveralInputs):
            return None
        return open_changes(self.network, self.options)

    @contextmanager
    def genome(self, fasta: Path | None, say: Say, progress: Progress) -> Iterator[Fasta]:
        """Open the genome of the card's assembly, after telling its files.

        Raises:
            InputError: There is none.
        """
        assembly = self.card.assembly
        paths, description = find_genome(assembly, fasta)
        say(f"genome: {description}")
        with open_genome(assembly, paths, progress) as genome:
            announce_genome(self.card, genome.contigs, say)
            yield genome
