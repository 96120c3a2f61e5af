"""Text of somebody else's is shown as it is, and does nothing."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from zooctl.catalog.publish import citation, licence_text, readme
from zooctl.evaluation.report.tables import Grid
from zooctl.schema.card import Card, load_card
from zooctl.schema.escape import markdown, one_line
from zooctl.schema.strict_yaml import dumps

HOSTILE = (
    "<script>alert(1)</script> ![x](https://evil.example/p.png) [here](javascript:alert(1)) "
    "<img src=x onerror=alert(1)> `code` **bold** a|b \x1b[2J\x1b]0;owned\x07 \u202etxt.exe\n\n"
    "# Heading\n\n---\n<iframe src=//evil.example>\n| a | b |\n|---|---|\n"
)
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
words = st.text(st.sampled_from("ab1 \n\t\\`*_{}[]()<>#+-.!|~&;:/=\"'$@\x1b\u202e\u2028"))


def tokens(text: str) -> set[str]:
    """Kinds of everything that a reader of Markdown finds, but paragraphs and plain text."""
    found = {
        inner.type for token in READER.parse(text) for inner in (token, *(token.children or ()))
    }
    return found - {"inline", "paragraph_open", "paragraph_close", "text", "text_special"}


def kinds(card: Card) -> set[str]:
    """What is found on a model's page below its metadata, which end at the first such line."""
    return tokens(readme(card, "https://example.org").split("\n---\n", 1)[1])


@given(st.one_of(st.text(), words))
@example(HOSTILE)
@example("1. one")
@example("&#60;b&#62;")
def test_markdown_is_one_line_of_plain_text(text: str) -> None:
    line = markdown(text)
    assert tokens(line) == set()
    shown = "".join(inner.content for token in READER.parse(line) for inner in token.children or ())
    assert shown.strip() == one_line(text)
    assert {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()


@given(words, words)
def test_a_cell_stays_a_cell(one: str, other: str) -> None:
    table = Grid("", ["a", "b"], [[one, other]]).markdown()
    parsed = READER.parse(table)
    assert [token.type for token in parsed].count("td_open") == 2
    assert tokens(table) == {
        f"{part}_{end}"
        for part in ("table", "thead", "tbody", "tr", "th", "td")
        for end in ("open", "close")
    }


@pytest.fixture
def hostile(repo: Path) -> Card:
    """A card whose every free text is hostile."""
    card = load_card(repo / "model_cards/h3k36me3_brain.yaml")
    track = {"assay": HOSTILE, "target": HOSTILE, "biosample": HOSTILE, "unit": HOSTILE}
    return card.model_copy(
        update={
            "title": HOSTILE,
            "authors": (HOSTILE, HOSTILE),
            "citation": HOSTILE,
            "intended_use": HOSTILE,
            "limits": (HOSTILE,),
            "notice": HOSTILE,
            "tracks": tuple(one.model_copy(update=track) for one in card.tracks),
            "metrics": tuple(
                one.model_copy(update={"baseline": HOSTILE, "definition": HOSTILE})
                for one in card.metrics
            ),
            "training_data": tuple(
                one.model_copy(update={"accession": HOSTILE}) for one in card.training_data
            ),
        }
    )


def test_the_page_of_a_hostile_card_has_the_markup_of_any_other(repo: Path, hostile: Card) -> None:
    plain = load_card(repo / "model_cards/h3k36me3_brain.yaml")
    assert "alert(1)" in readme(hostile, "https://example.org")
    # It has a remark, a quotation, which the other may lack.
    assert kinds(hostile) <= kinds(plain) | {"blockquote_open", "blockquote_close"}


def test_nothing_that_is_made_of_a_card_steers_a_terminal(hostile: Card) -> None:
    made = (readme(hostile, "https://example.org"), licence_text(hostile), dumps(citation(hostile)))
    for text in made:
        assert "alert(1)" in text
        assert not set(text) & set("\x1b\x07\u202e\u2028")
    assert len(licence_text(hostile).splitlines()) == 2
