"""Windows of the probe of a trained entry, and pairs of alleles in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.variant_pairs import LONGEST, with_variants
from zooctl.sequence.windows import Geometry, Integers, gather

# Most bases of the windows of a probe, which ships with the weights.
_BASES = 1 << 20
LEAST_PAIRS = 8
_VARIANTS = 1
"""Apart from the draw of windows."""


class ProbeWindows(NamedTuple):
    """Windows of a probe.

    Attributes:
        codes: Genome codes, ``(n, input_length)``; windows with a variant come last.
        pairs: Rows of reference and alternative, ``(n_pairs, 2)`` int32.
    """

    codes: Codes
    pairs: Integers


def probe_windows(
    codes: dict[str, Codes],
    peaks: dict[str, Integers],
    regions: tuple[Interval, ...],
    geometry: Geometry,
    seed: int,
) -> ProbeWindows:
    """Return windows for a check of a model without a genome, and pairs of alleles in them.

    Half are random windows of the test regions, a quarter lie on the given peaks, an eighth are
    extreme in GC, and an eighth are edge cases: contig ends, runs of N, one base throughout,
    reverse complements. There are 512; of long windows as many as fit 1 MiB, but at least 16.
    An eighth as many follow, at least 8: random windows and peaks by halves, with a variant each
    (``with_variants``) in their predicted part.

    Args:
        codes: Genome codes of the contigs of ``regions``.
        peaks: Centres of peaks in those regions, by contig.
        regions: Test regions.
        geometry: Of a window.
        seed: Seed of the draws.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    length = geometry.input_length
    n = max(16, min(512, _BASES // length))
    # A deletion draws further bases from the right.
    pool = np.concatenate(
        [
            gather(
                codes[chrom],
                rng.integers(start, end - length, 8 * n // len(regions)),
                length + LONGEST,
            )
            for chrom, start, end in regions
        ]
    )
    pool = pool[(pool[:, :length] == N).mean(axis=1) < 0.1]
    random = pool[:, :length]
    gc = ((random == 1) | (random == 2)).mean(axis=1).argsort(kind="stable")
    on_peaks = np.concatenate(
        [
            gather(codes[chrom], rng.permutation(centres)[: n // 4] - length // 2, length + LONGEST)
            for chrom, centres in peaks.items()
        ]
    )[: n // 4]
    parts = [random[: n // 2], on_peaks[:, :length], random[gc[: n // 16]]]
    parts.append(random[gc[-(n // 16) :]])
    rest = n - sum(len(part) for part in parts)
    parts.append(_edge_cases(codes, random, regions, length, rng, rest))
    n_pairs = max(LEAST_PAIRS, n // 8)
    n_random = len(parts[0])
    references = np.concatenate(
        [np.arange(n_random)[: n_pairs // 2], n_random + np.arange(len(on_peaks))[: n_pairs // 2]]
    )
    longer = np.concatenate([pool[: n // 2], on_peaks])[references]
    return add_variants(np.concatenate(parts), references, longer, geometry, seed)


def add_variants(
    windows: Codes, references: Integers, longer: Codes, geometry: Geometry, seed: int
) -> ProbeWindows:
    """Add windows with a variant in their predicted part, each the pair of one that is there.

    Args:
        windows: Of the probe, ``(n, input_length)``.
        references: Rows to give a pair; those without a known base in that part get none.
        longer: Those windows with ``LONGEST`` more bases, ``(n_pairs, input_length + LONGEST)``.
        geometry: Of a window.
        seed: Seed of the draws.
    """
    first = (geometry.input_length - geometry.output_length) // 2
    last = first + geometry.output_length
    known = (longer[:, first:last] != N).any(axis=1)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _VARIANTS])))
    alternatives = with_variants(longer[known], first, last, rng)
    pairs = np.stack([references[known], len(windows) + np.arange(len(alternatives))], axis=1)
    return ProbeWindows(np.concatenate([windows, alternatives]), pairs.astype(np.int32))


def _edge_cases(
    codes: dict[str, Codes],
    pool: Codes,
    regions: tuple[Interval, ...],
    input_length: int,
    rng: np.random.Generator,
    count: int,
) -> Codes:
    """Return ``count`` windows at contig ends, with N, of one base, and reverse complements."""
    chrom = regions[0].chrom
    length = len(codes[chrom])
    overhang = np.linspace(-input_length + 1, -1, 8).astype(np.int64)
    ends = np.concatenate([overhang, length + overhang])
    one_base = np.repeat(np.arange(5, dtype=np.uint8)[:, None], input_length, axis=1)
    masked = pool[min(256, len(pool) - 20) :][:20].copy()
    for window in masked:
        first = rng.integers(0, input_length)
        window[first : first + int(rng.integers(1, input_length // 2))] = N
    fixed = np.concatenate([gather(codes[chrom], ends, input_length), one_base, masked])
    if count < len(fixed):
        return fixed[np.linspace(0, len(fixed) - 1, count).astype(np.int64)]
    return np.concatenate([fixed, reverse_complement(pool)])[:count]
