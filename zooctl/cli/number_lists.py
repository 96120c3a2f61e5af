"""Options that are lists of numbers, as ``32,128,512``."""

from __future__ import annotations

from zooctl.errors import InputError


def numbers(text: str, option: str) -> list[float]:
    """Read numbers; each counts once.

    >>> numbers("1,2.5,1", "--threshold")
    [1.0, 2.5]
    """
    try:
        return list(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError:
        raise InputError(
            "not a list of numbers", field=option, got=repr(text), expected="such as 1,2.5,10"
        ) from None


def bin_sizes(text: str) -> list[int]:
    """Read bin sizes in bp; each counts once.

    >>> bin_sizes("32,128,512")
    [32, 128, 512]
    """
    try:
        sizes = list(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise InputError(
            "not a list of bin sizes", field="--resolution", got=repr(text), expected="32,128,512"
        )
    return sizes
