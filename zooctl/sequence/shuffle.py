"""Sequences of the same dinucleotides in another order.

Source: Altschul and Erickson 1985 (doi:10.1093/oxfordjournals.molbev.a040370): a random Eulerian
path through the sequence's own steps from letter to letter, each with the same chance.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from zooctl.sequence.onehot import Codes


def shuffle_dinucleotides(codes: Codes, rng: np.random.Generator) -> Codes:
    """Return a sequence with the same count of each dinucleotide, and the same first and last base.

    Args:
        codes: The sequence, ``(n,)``.
        rng: Source of chance.

    >>> from zooctl.sequence.onehot import decode, encode
    >>> decode(shuffle_dinucleotides(encode(b"ACAGATA"), np.random.default_rng(2)))
    'ATACAGA'
    """
    if len(codes) < 3:
        return codes.copy()
    letters = codes.tolist()
    followers: list[list[int]] = [[] for _ in range(256)]
    for one, following in pairwise(letters):
        followers[one].append(following)
    last_steps = _last_steps(followers, letters[-1], rng)
    for letter, steps in enumerate(followers):
        if not steps:
            continue
        if letter in last_steps:
            steps.remove(last_steps[letter])
        order = rng.permutation(len(steps)).tolist()
        shuffled = [steps[index] for index in order]
        if letter in last_steps:
            shuffled.append(last_steps[letter])
        # Steps are taken from the end.
        followers[letter] = shuffled[::-1]
    path = [letters[0]]
    for _ in range(len(letters) - 1):
        path.append(followers[path[-1]].pop())
    return np.array(path, dtype=codes.dtype)


def _last_steps(followers: list[list[int]], end: int, rng: np.random.Generator) -> dict[int, int]:
    """Return the last step from each letter but the end's, such that all of them lead to the end.

    Drawn until they do: then each set that does has its chance by the number of its steps.
    """
    present = [letter for letter, steps in enumerate(followers) if steps and letter != end]
    while True:
        chosen = {
            letter: followers[letter][rng.integers(len(followers[letter]))] for letter in present
        }
        if all(_reaches(letter, end, chosen) for letter in present):
            return chosen


def _reaches(letter: int, end: int, steps: dict[int, int]) -> bool:
    for _ in range(len(steps) + 1):
        if letter == end:
            return True
        letter = steps.get(letter, end)
    return False
