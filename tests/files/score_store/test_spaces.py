"""Folders of a store: named by their facts, and read only where these are those of the name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from toy_scores import check, keys, row

from zooctl.errors import InputError
from zooctl.files.score_store.rows import to_table
from zooctl.files.score_store.spaces import Contig, Store, _folder_name

FACTS = {"model": "toy", "weights": "ab", "scores": {"shifts": [1, 2]}}
CHR1 = Contig("HLA-A*01:01", "cd" * 32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    parts = store.space(FACTS).parts(CHR1, create=True)
    assert parts is not None
    parts.add(to_table({key: row(key) for key in keys(20, 2)}))
    return store


def test_a_folder_is_named_by_its_facts() -> None:
    facts = {"contig": "HLA-A*01:01"}
    digest = hashlib.sha256(b'{\n "contig": "HLA-A*01:01"\n}\n').hexdigest()
    assert _folder_name("HLA-A*01:01", facts) == f"HLA-A_01_01-{digest[:16]}"


def test_a_space_is_found_by_its_facts(store: Store) -> None:
    parts = store.space(FACTS).parts(CHR1)
    assert parts is not None
    check(parts.ask(keys(20, 2)), keys(20, 2))
    assert store.space(FACTS | {"weights": "ac"}).parts(CHR1) is None
    assert store.space(FACTS).parts(CHR1._replace(genome="ce" * 32)) is None
    assert [space.facts["weights"] for space in store.spaces("toy")] == ["ab"]
    assert [space.contigs() for space in store.spaces()] == [[CHR1]]
    assert store.spaces("other") == []


def test_facts_that_are_not_those_of_the_name(store: Store, tmp_path: Path) -> None:
    """A folder whose facts were changed is stale, and so is one that was renamed."""
    (space,) = store.spaces()
    facts = space.folder / "facts.json"
    facts.write_text(facts.read_text().replace("ab", "ac"))
    said: list[str] = []
    assert Store(tmp_path / "store", said.append).spaces() == []
    assert said == [f"store: a folder without its facts is not read: {space.folder}"]
    # Asked for by its facts it is whole again: its parts have digests of their own.
    parts = store.space(FACTS).parts(CHR1)
    assert parts is not None
    check(parts.ask(keys(20, 2)), keys(20, 2))
    store.space(FACTS).parts(CHR1, create=True)
    assert [one.facts for one in store.spaces()] == [FACTS]
    space.folder.rename(space.folder.with_name("toy-" + "0" * 16))
    assert store.spaces() == []


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(InputError, match="the store is a folder"):
        Store(tmp_path / "store")
    with pytest.raises(InputError, match="the store cannot be written"):
        Store(tmp_path / "store" / "below").space(FACTS).parts(CHR1, create=True)
