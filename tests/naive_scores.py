"""The shift-robust score as the design says it, base by base, nothing shared and nothing saved.

Sequences are lists of (position on the genome, letter), and every window is predicted for itself.
It knows nothing of ``zooctl.inference``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.windows import Geometry

Bases = list[tuple[int | None, str]]
Predict = Callable[[list[str]], NDArray[np.float64]]


def normalise(genome: str, start: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Trim and left-align, base by base."""
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    while not (ref and alt) and start and genome[start - 1] == (ref + alt)[-1]:
        start -= 1
        ref, alt = (genome[start] + one[:-1] if one else one for one in (ref, alt))
    return start, ref, alt


def naive_profiles(
    genome: str,
    allele: tuple[int, str, str],
    predict: Predict,
    geometry: Geometry,
    shifts: list[int],
    max_shift: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[int]]:
    """Return predictions for REF and ALT at the shared bases, ``(n_shifts, n_tracks, n)``.

    Behind them the bases; a network with one value a window has that value, and no base.

    Args:
        genome: One contig, in capitals.
        allele: Start, REF and ALT.
        predict: Letters of windows to ``(n, n_tracks, n_bins)``, in the card's unit.
        geometry: The network's window.
        shifts: As they were drawn.
        max_shift: What they were drawn from.
    """
    start, ref, alt = normalise(genome, *allele)
    length, output = geometry.input_length, geometry.output_length
    flank = (length - output) // 2
    padding = "N" * 2 * length
    reference: Bases = list(enumerate(padding + genome + padding, -len(padding)))
    at = start + len(padding)
    # The first bases of REF and ALT stand for each other; what ALT has beyond REF stands nowhere.
    places = [start + i if i < len(ref) else None for i in range(len(alt))]
    changed = [*reference[:at], *zip(places, alt, strict=True), *reference[at + len(ref) :]]
    centred = at + max(len(ref) - 1, 0) // 2 - (length - 1) // 2

    def predicted_bases(bases: Bases, shift: int) -> Bases:
        return bases[centred + shift + flank :][:output]

    # All windows predict what the two outermost of both sequences predict.
    shared = set.intersection(
        *(
            {place for place, _ in predicted_bases(bases, shift) if place is not None}
            for bases in (reference, changed)
            for shift in (-max_shift, max_shift)
        )
    )
    profiles = []
    for bases in (reference, changed):
        windows = [bases[centred + shift :][:length] for shift in shifts]
        predicted = predict(["".join(letter for _, letter in window) for window in windows])
        by_base = np.repeat(predicted, geometry.bin_size, axis=2)
        rows = []
        for values, shift in zip(by_base, shifts, strict=True):
            kept = [place in shared for place, _ in predicted_bases(bases, shift)]
            rows.append(values[:, kept if geometry.n_bins > 1 else slice(None)])
        profiles.append(np.stack(rows))
    places = sorted(place for place in shared if place is not None)
    return profiles[0], profiles[1], places if geometry.n_bins > 1 else []


def naive_score(
    profiles: tuple[NDArray[np.float64], NDArray[np.float64]], ratio: bool
) -> tuple[NDArray[np.float64], ...]:
    """Return score, sd, and mean of reference and alternative, ``(n_tracks,)`` each.

    Args:
        profiles: As ``naive_profiles`` returns them.
        ratio: log2(alternative / reference), else the difference.
    """
    ref_means, alt_means = (profile.mean(axis=2) for profile in profiles)
    of_means = ref_means.mean(axis=0), alt_means.mean(axis=0)
    each = np.log2(alt_means / ref_means) if ratio else alt_means - ref_means
    score = np.log2(of_means[1] / of_means[0]) if ratio else each.mean(axis=0)
    return score, each.std(axis=0), *of_means
