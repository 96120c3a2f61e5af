"""A model of the zoo, ready to predict: its card, graph and session, each read on first use."""

from __future__ import annotations

from functools import cached_property

from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import onnx_bytes
from zooctl.inference.options import DEFAULT_SESSION, SessionOptions
from zooctl.inference.session import Session
from zooctl.schema.card import Card


class OpenModel:
    """An entry of the zoo with the options of its session.

    Args:
        entry: The model.
        options: Options of its session.
    """

    def __init__(self, entry: Entry, options: SessionOptions = DEFAULT_SESSION) -> None:
        self.entry = entry
        self.options = options

    @cached_property
    def card(self) -> Card:
        """The card."""
        return self.entry.card()

    @cached_property
    def graph(self) -> bytes:
        """The verified ONNX graph; downloaded where it is not here."""
        return onnx_bytes(self.entry)

    @cached_property
    def session(self) -> Session:
        """The network on its device.

        Raises:
            ZooError: As ``Session``.
        """
        return Session(
            self.graph,
            geometry=self.card.geometry,
            n_tracks=self.card.n_tracks,
            unknown_base=self.card.unknown_base,
            device=self.options.device,
            threads=self.options.threads,
            batch_size=self.options.batch_size,
        )
