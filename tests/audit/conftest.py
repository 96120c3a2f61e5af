"""A card, for checks that read one."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.schema.card import Card, load_card


@pytest.fixture
def card(repo: Path) -> Card:
    """The toy's card."""
    return load_card(repo / "tests/data/toy_zoo/model_cards/toy.yaml")
