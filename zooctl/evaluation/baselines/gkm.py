"""A gapped k-mer SVM (Ghandi et al. 2014, doi:10.1371/journal.pcbi.1003711), by gkmsvm-lite."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.evaluation.baselines.training_bins import TrainingSample
from zooctl.inference.adopt.gapped_kmers.graph import gkm_geometry, gkm_graph
from zooctl.inference.adopt.gapped_kmers.kernel import GappedKmers, LinearGkm
from zooctl.inference.device.session import Session, one_hot
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes, N

Values = NDArray[np.float64]

# Bases of a window: those around a bin's highest one are read in training.
_WIDTH = 160
# Windows of each class, evenly spread, that a machine is trained on.
_MOST = 600
LIBRARIES = ("gkmsvm", "sklearn")
"""What training needs."""
FEWEST = 20
"""Windows of each class that it needs."""
# Windows of a bin lie at most so far apart, so that a site is whole in one of them.
_STEP = 128
# So few windows at once that their matrices stay in the cache.
_BATCH_SIZE = 16


@dataclass(frozen=True, eq=False)
class TrainedGkm:
    """A trained machine.

    Attributes:
        linear: Its linear form.
        n_support: Training sequences that it rests on.
    """

    linear: LinearGkm
    n_support: int


def train_gkm(
    sequences: Codes, labels: NDArray[np.bool_], kmers: GappedKmers, cost: float = 1.0
) -> TrainedGkm:
    """Train a gapped k-mer SVM.

    Memory and time grow with the square of the number of sequences, time with that of their
    length, too: a thousand of 160 bp take a minute of one core.

    Args:
        sequences: Known bases, ``(n, length)``.
        labels: Which are positive, ``(n,)``.
        kmers: Lengths of the kernel.
        cost: Cost of a sequence on the wrong side; 1 is the default of gkm-SVM.

    Raises:
        InputError: gkmsvm-lite is not installed.
    """
    need(LIBRARIES, "a gapped k-mer SVM")
    from gkmsvm.gram import compute_gram
    from gkmsvm.kernels.direct import DirectGkmKernel
    from sklearn.svm import SVC

    bases = one_hot(sequences, 0)
    lengths = (kmers.length, kmers.informative)
    gram = compute_gram(DirectGkmKernel(*lengths), bases)
    machine = SVC(C=cost, kernel="precomputed").fit(gram, labels)
    support = machine.support_
    norms = np.sqrt(DirectGkmKernel(*lengths, normalize=False).diagonal(bases[support]))
    weights = kmers.weights(sequences[support], machine.dual_coef_[0] / norms)
    return TrainedGkm(LinearGkm(kmers, weights, float(machine.intercept_[0])), len(support))


@dataclass(frozen=True, eq=False)
class FittedGkm:
    """A gapped k-mer SVM fitted to each track.

    Attributes:
        machines: One a track; None where a track has too few positives.
    """

    machines: tuple[LinearGkm | None, ...]

    @cached_property
    def _sessions(self) -> tuple[Session | None, ...]:
        """The machines as networks, made once for all regions."""
        return tuple(None if machine is None else _session(machine) for machine in self.machines)

    def predict(self, codes: Codes, margin: int, rules: Rules) -> Values:
        """Return the highest decision value of the windows in each bin, ``(n, n_tracks)``.

        NaN without a machine.

        Args:
            codes: Bases of the bins, with ``margin`` more bins on each side.
            margin: Bins.
            rules: Bin size.
        """
        size = rules.bin_size
        n_bins = len(codes) // size - 2 * margin
        per_bin = -(-size // _STEP)
        within = np.arange(per_bin) * size // per_bin + size // (2 * per_bin)
        middles = (np.arange(n_bins)[:, None] + margin) * size + within
        windows = _around(codes, middles.ravel())
        found = np.full((n_bins, len(self.machines)), np.nan)
        for track, session in enumerate(self._sessions):
            if session is not None and n_bins:
                values = session.predict(windows)
                found[:, track] = values.reshape(n_bins, per_bin).max(axis=1)
        return found


def _session(machine: LinearGkm) -> Session:
    return Session(
        gkm_graph(machine, _WIDTH),
        geometry=gkm_geometry(_WIDTH),
        n_tracks=1,
        unknown_base=0,
        device="cpu",
        threads=1,
        batch_size=_BATCH_SIZE,
    )


def fit_gkm(training: TrainingSample, rules: Rules) -> FittedGkm:
    """Fit a gapped k-mer SVM to each track of the training bins.

    It reads the bases around the highest one of positive bins, and around the middle of others.

    Args:
        training: Bins to fit to.
        rules: Bin size.

    Raises:
        InputError: gkmsvm-lite is not installed.
    """
    return FittedGkm(tuple(_fit(training, track, rules) for track in range(training.n_tracks)))


def _fit(training: TrainingSample, track: int, rules: Rules) -> LinearGkm | None:
    classes = []
    for positive in (True, False):
        chosen = training.classed[:, track] & (training.positive[:, track] == positive)
        summit = (
            training.summit[:, track] if positive else np.full(len(chosen), rules.bin_size // 2)
        )
        windows, first = [], 0
        for codes, used in training.regions:
            here = slice(first, first + int(used.sum()))
            bins = np.flatnonzero(used)[chosen[here]] + training.margin
            windows.append(_around(codes, bins * rules.bin_size + summit[here][chosen[here]]))
            first = here.stop
        found = np.concatenate(windows)
        found = found[(found != N).all(axis=1)]
        classes.append(found[:: max(1, -(-len(found) // _MOST))])
    if min(map(len, classes)) < FEWEST:
        return None
    labels = np.repeat([True, False], [len(one) for one in classes])
    return train_gkm(np.concatenate(classes), labels, GappedKmers()).linear


def _around(codes: Codes, middles: NDArray[np.int64]) -> Codes:
    """Return the windows around some bases, ``(n, width)``; N beyond the codes."""
    padded = np.pad(codes, _WIDTH, constant_values=N)
    return np.lib.stride_tricks.sliding_window_view(padded, _WIDTH)[middles + _WIDTH // 2]
