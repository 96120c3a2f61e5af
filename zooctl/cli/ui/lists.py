"""Options that take several values, by commas or by repetition."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A comma of 30,000,001 is followed by three digits and the end of the number.
_BETWEEN_REGIONS = re.compile(r",(?!\d{3}(?:[,-]|\s*$))")


def split_names(given: Sequence[str] | None) -> tuple[str, ...]:
    """Return names that were given one an option, or several with commas, each once.

    >>> split_names(["sum,max", "jsd", "sum"])
    ('sum', 'max', 'jsd')
    """
    parts = (part.strip(" ") for one in given or () for part in one.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def list_names(given: list[str] | None) -> list[str] | None:
    """Return the names of an option, as its callback."""
    return None if given is None else list(split_names(given))


def list_regions(given: list[str] | None) -> list[str] | None:
    """Return the regions of an option, as its callback; commas within a number stay.

    >>> list_regions(["chr21:30,000,001-31,000,000,chr20", "chr21:5,000-6,000"])
    ['chr21:30,000,001-31,000,000', 'chr20', 'chr21:5,000-6,000']
    """
    if given is None:
        return None
    return [part.strip(" ") for one in given for part in _BETWEEN_REGIONS.split(one)]
