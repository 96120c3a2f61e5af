"""Confusion matrix of classes that exclude each other, and each class against all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from zooctl.evaluation.metrics.classification import Confusion


@dataclass(frozen=True)
class ClassConfusion:
    """Measured classes of bins against the most probable ones.

    Attributes:
        names: Of the classes.
        counts: Bins by measured class (rows) and predicted one.

    >>> found = ClassConfusion.of(["sharp", "broad"], np.array([0, 0, 1]), np.array([0, 1, 1]))
    >>> found.counts, round(found.accuracy, 3)
    (((1, 1), (0, 1)), 0.667)
    """

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls, names: Sequence[str], truth: NDArray[np.intp], called: NDArray[np.intp]
    ) -> ClassConfusion:
        """Count bins by class.

        Args:
            names: Of the classes.
            truth: Index of each bin's measured class, ``(n,)``.
            called: Index of its most probable class, ``(n,)``.
        """
        table = confusion_matrix(truth, called, labels=list(range(len(names))))
        return cls(tuple(names), tuple(map(tuple, table.tolist())))

    @property
    def accuracy(self) -> float:
        """Share of bins whose most probable class is the measured one."""
        total = sum(map(sum, self.counts))
        right = sum(row[index] for index, row in enumerate(self.counts))
        return right / total if total else float("nan")

    def against_all(self, index: int) -> Confusion:
        """Return the calls of one class against all others; there is no threshold."""
        rows = np.array(self.counts)
        right = int(rows[index, index])
        called, measured = int(rows[:, index].sum()), int(rows[index].sum())
        rest = int(rows.sum()) - called - measured + right
        return Confusion(float("nan"), right, called - right, measured - right, rest)

    def to_json(self) -> dict[str, object]:
        """Return names, counts, and each class against all others."""
        return {
            "names": self.names,
            "counts": self.counts,
            "accuracy": self.accuracy,
            "against_all": {
                name: self.against_all(index).rates() for index, name in enumerate(self.names)
            },
        }
