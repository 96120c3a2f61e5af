"""Alleles of a VCF with the rows that a store has of them, as the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.files.score_store.rows import FoundRows
from zooctl.files.score_store.tables import Column
from zooctl.files.vcf.records import Record
from zooctl.files.vcf.table import COLUMNS, GENE
from zooctl.inference.scale.store.choose import StoredScores
from zooctl.inference.scale.store.ranks import StoredRanks
from zooctl.inference.variants.shift_robust_statistics import NO_PLACE


@dataclass
class Asked:
    """Alleles of records, as columns, and the rows of those that are stored.

    Attributes:
        chroms: CHROM of each.
        positions: POS of each.
        ids: ID of each.
        refs: REF of each.
        alts: ALT of each.
        statuses: Status of each; "" until it is known.
        rows: Numbers of alleles, each with the rows of these.
    """

    chroms: Sequence[str]
    positions: Sequence[int]
    ids: Sequence[str]
    refs: Sequence[str]
    alts: Sequence[str]
    statuses: NDArray[np.object_]
    rows: list[tuple[NDArray[np.int64], FoundRows]] = field(default_factory=list)

    def unanswered(self) -> list[int]:
        """Give the alleles with rows their statuses, and return the numbers of the others."""
        for numbers, rows in self.rows:
            self.statuses[numbers] = rows.status
        found: list[int] = np.flatnonzero(self.statuses == "").tolist()
        return found


def asked_of(block: Sequence[Record]) -> Asked:
    """Return the alleles of some records."""
    _, lines, chroms, starts, refs, each = zip(*block, strict=True)
    alts = list(chain.from_iterable(each))
    positions = [start + 1 for start in starts]
    ids = [line.split(b"\t", 3)[2].decode("utf-8", "replace") for line in lines]
    counts = list(map(len, each))

    def of_alleles(values: Sequence[Any]) -> Sequence[Any]:
        """Return a record's value for each of its alleles."""
        if len(alts) == len(block):
            return values
        return list(chain.from_iterable(map(repeat, values, counts)))

    return Asked(
        of_alleles(chroms),
        of_alleles(positions),
        of_alleles(ids),
        of_alleles(refs),
        alts,
        np.full(len(alts), "", object),
    )


@dataclass(frozen=True)
class AnswerTable:
    """The table of a lookup: a row for each allele, track and score.

    Attributes:
        chosen: The scores.
        ranks: Their ranks; None without a background.
    """

    chosen: StoredScores
    ranks: StoredRanks | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return (*COLUMNS, GENE) if self.chosen.in_genes else COLUMNS

    @property
    def metadata(self) -> dict[str, str]:
        """The settings of the scores, for a file that keeps them."""
        facts = self.chosen.space.facts
        return {
            "model": f"{facts['model']} {facts['version']} sha256:{facts['weights']}",
            "settings": self.chosen.space.digest,
        }

    @cached_property
    def _classes(self) -> dict[str, str]:
        if self.ranks is None:
            return {}
        return dict(self.ranks.classes(self.chosen.measures[0], len(self.chosen.tracks)))

    def columns(self, asked: Asked) -> tuple[dict[str, Column], int]:
        """Return the columns of some alleles, and the number of rows."""
        tracks, measures = self.chosen.tracks, self.chosen.measures
        each = len(tracks) * len(measures)
        n, rows = _in_order(asked, (len(measures), 4, len(tracks)))
        texts = {
            "chrom": asked.chroms,
            "id": asked.ids,
            "ref": asked.refs,
            "alt": asked.alts,
        }
        found: dict[str, Column] = {
            name: np.array(values, object)[n].repeat(each) for name, values in texts.items()
        }
        found["pos"] = np.array(asked.positions)[n].repeat(each)
        found["status"] = rows.status.repeat(each)
        found["model"] = self.chosen.model
        if self.chosen.in_genes:
            found[GENE] = np.array([text.rsplit(" ", 2)[0] for text in rows.gene], object).repeat(
                each
            )
        labels = [(name, *of, unit) for name, unit in tracks for of in measures]
        for name, values in zip(
            ("track", "statistic", "kind", "unit"), zip(*labels, strict=True), strict=True
        ):
            one = len(set(values)) == 1
            found[name] = values[0] if one else np.tile(np.array(values, object), len(n))
        # Track by track, and of each all its scores.
        numbers = rows.values.transpose(0, 3, 1, 2).reshape(-1, 4)
        for at, name in enumerate(("score", "sd", "ref_value", "alt_value")):
            found[name] = numbers[:, at]
        places = rows.places.transpose(0, 2, 1).reshape(-1)
        found["place"] = np.where(places == NO_PLACE, NO_PLACE, places + 1)
        return found | self._ranked(rows), len(n) * each

    def _ranked(self, rows: FoundRows) -> dict[str, Column]:
        """Return the columns of ranks."""
        tracks, measures = len(self.chosen.tracks), self.chosen.measures
        shape = (len(rows.status), tracks, len(measures))
        if self.ranks is None:
            nothing = np.full(shape, np.nan, np.float32).reshape(-1)
            return {**dict.fromkeys(("pct", "p", "phred", "act"), nothing), "class": ""}
        found = {name: np.empty(shape, np.float32) for name in ("pct", "p", "phred", "act")}
        for track in range(tracks):
            for at, of in enumerate(measures):
                ranks = self.ranks.ranks(of, track, rows.kind, rows.values[:, at, :, track])
                for name, values in ranks.items():
                    found[name][:, track, at] = values
        unscored = np.isnan(rows.values[:, 0, 0]).all(1)
        names, inverse = np.unique(rows.kind, return_inverse=True)
        classes = np.array([self._classes.get(kind, "NO_BACKGROUND") for kind in names], object)
        classes = np.where((rows.kind == "") & unscored, "", classes[inverse])
        return {
            **{name: values.reshape(-1) for name, values in found.items()},
            "class": classes.repeat(tracks * len(measures)),
        }


def _in_order(asked: Asked, shape: tuple[int, int, int]) -> tuple[NDArray[np.int64], FoundRows]:
    """Return the number of the allele of each row, and the rows; one without scores for others."""
    numbers = [numbers for numbers, _ in asked.rows]
    stored = np.concatenate([*numbers, np.empty(0, np.int64)])
    absent = np.setdiff1d(np.arange(len(asked.alts)), stored)
    n = np.concatenate((stored, absent))
    order = np.argsort(n, kind="stable")
    n_rows = len(n)
    values = np.full((n_rows, *shape), np.nan, np.float32)
    places = np.full((n_rows, shape[0], shape[2]), NO_PLACE)
    texts = {name: np.full(n_rows, "", object) for name in ("gene", "kind")}
    first = 0
    for _, rows in asked.rows:
        at = slice(first, first + len(rows.n))
        values[at] = rows.values.reshape(-1, *shape)
        if rows.places.size:
            places[at] = rows.places.reshape(-1, shape[0], shape[2])
        for name, column in texts.items():
            column[at] = getattr(rows, name)
        first = at.stop
    status = asked.statuses[n]
    gene, kind = texts["gene"][order], texts["kind"][order]
    found = FoundRows(n[order], gene, status[order], kind, values[order], places[order])
    return found.n, found
