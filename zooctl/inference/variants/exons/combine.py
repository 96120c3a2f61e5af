"""MMSplice's change of the log odds of an exon's inclusion, from the changes of its modules.

Cheng et al. 2019 (doi:10.1186/s13059-019-1653-z); coefficients of the released code at commit
86b42fd4: a linear model of the five changes, and of three of them once more where two
neighbouring modules change together, since both have seen the change then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MODULES = np.array([0.49685773, 0.72322957, 1.54760024, 0.75011527, 2.26187717])
_EXON, _DONOR_INTRON, _ACCEPTOR_INTRON = -0.69419094, 2.40138709, 0.88148553
_INTERCEPT = 0.0006480262366686865
_ZERO = 1e-8


def delta_logit_psi(changes: NDArray[np.float32]) -> float:
    """Return the change of the log odds.

    Args:
        changes: Of acceptor intron, acceptor, exon, donor and donor intron: ALT less REF.

    >>> round(delta_logit_psi(np.array([0, 1, 0, 0, 0], np.float32)), 6)
    0.723878
    >>> round(delta_logit_psi(np.array([0, 1, 1, 0, 0], np.float32)), 6)
    1.577287
    """
    x = changes.astype(np.float64)
    intron_before, acceptor, exon, donor, intron_behind = np.abs(x) > _ZERO
    total = _INTERCEPT + x @ _MODULES
    total += _EXON * x[2] * (exon and (acceptor or donor))
    total += _DONOR_INTRON * x[4] * (donor and intron_behind)
    total += _ACCEPTOR_INTRON * x[0] * (acceptor and intron_before)
    return float(total)
