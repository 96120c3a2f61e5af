"""Haplotypes of one strand: references and long changes as a whole, small changes by their cone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.engine.alternatives import SharedAlternatives
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import Array, Context, SharedWindows
from zooctl.inference.options.hardware import On
from zooctl.inference.variants.batches import AlleleWindows
from zooctl.inference.variants.shifts import Haplotype
from zooctl.schema.recipe.signals import Transform

# Bytes of the references whose rows are kept for alternatives that come later.
_KEPT_BYTES = 2**26


@dataclass(frozen=True)
class SharedPlaces:
    """Windows on a haplotype.

    Attributes:
        offsets: First base of each in the haplotype.
        needed: Bins of each that are compared.
        replaced: Bases of the haplotype that a small change replaces.
        span: Bases of the haplotype.
    """

    offsets: tuple[int, ...]
    needed: tuple[tuple[int, int], ...]
    replaced: tuple[int, int]
    span: int

    def turned(self, n_bins: int) -> SharedPlaces:
        """Return the same windows on the other strand.

        >>> SharedPlaces((0, 30), ((2, 4), (1, 3)), (40, 43), 100).turned(8)
        SharedPlaces(offsets=(30, 0), needed=((4, 6), (5, 7)), replaced=(57, 60), span=100)
        """
        first, last = self.replaced
        furthest = max(self.offsets)
        return SharedPlaces(
            tuple(furthest - one for one in self.offsets),
            tuple((n_bins - high, n_bins - low) for low, high in self.needed),
            (self.span - last, self.span - first),
            self.span,
        )


class SharedStrand:
    """A network on the windows of haplotypes of one strand.

    Args:
        network: The network.
        places: The windows.
        summed: As of ``shared.SharedHaplotypes``.
        device: As ``session.Session``.
        threads: As ``session.Session``.
        batch_size: Windows in a batch, about.
    """

    def __init__(
        self,
        network: FollowedNetwork,
        places: SharedPlaces,
        summed: Transform | None,
        *,
        device: On,
        threads: int | None,
        batch_size: int | None,
    ) -> None:
        self._places = places
        self._summed = summed is not None
        self._kept: OrderedDict[Hashable, Context] = OrderedDict()
        cone = network.lay_out_cone(places.offsets, places.needed, places.replaced)
        layout = network.lay_out(places.offsets, places.needed) if cone is None else cone.layout
        self._shared = SharedWindows(
            network,
            layout,
            cone=cone,
            summed=summed,
            device=device,
            threads=threads,
            batch_size=batch_size,
        )
        self._alternatives: SharedAlternatives | None = None
        if cone is not None:
            self._alternatives = SharedAlternatives(
                network,
                cone,
                self._shared.n_sequences,
                summed=summed,
                device=device,
                threads=threads,
            )

    @property
    def n_sequences(self) -> int:
        """Haplotypes that are predicted as a whole, to give at once."""
        return self._shared.n_sequences * self._shared.at_once

    def interrupt(self) -> None:
        """Make the prediction that runs in another thread, and every later one, fail at once."""
        self._shared.interrupt()
        if self._alternatives is not None:
            self._alternatives.interrupt()

    def deliver(self, windows: Sequence[AlleleWindows]) -> None:
        """Fill the outputs of haplotypes.

        Whether one is computed by its cone follows from its own bases and its reference's, never
        from other haplotypes or from what is kept.
        """
        small = [one for one in windows if self._is_small(one)]
        whole = [one for one in windows if not self._is_small(one)]
        found = self._predict_whole(whole, {one.site for one in small})
        if small:
            contexts = self._contexts_of(small, found)
            assert self._alternatives is not None
            codes = np.stack([one.haplotype.codes for one in small])
            outputs = self._alternatives.run(codes, contexts, self._spans(small))
            self._fill(small, outputs)

    def _is_small(self, windows: AlleleWindows) -> bool:
        """Return whether a haplotype differs from its reference by a small change alone."""
        if self._alternatives is None or windows.reference is None:
            return False
        own, other = windows.haplotype.codes, windows.reference.codes
        first, last = self._places.replaced
        return bool(
            len(own) == len(other)
            and np.array_equal(own[:first], other[:first])
            and np.array_equal(own[last:], other[last:])
        )

    def _predict_whole(
        self, whole: Sequence[AlleleWindows], wanted: set[Hashable]
    ) -> dict[Hashable, Context]:
        """Fill outputs, and return what the alternatives of some sites read; it is kept, too."""
        if not whole:
            return {}
        codes = np.stack([one.haplotype.codes for one in whole])
        if self._alternatives is None:
            spans = self._spans(whole)
            shared = self._shared
            self._fill(whole, shared.predict(codes) if spans is None else shared.sums(codes, spans))
            return {}
        outputs, contexts = self._shared.references(codes, self._spans(whole))
        self._fill(whole, outputs)
        found = {
            one.site: context
            for one, context in zip(whole, contexts, strict=True)
            if one.is_reference
        }
        for site, context in found.items():
            self._keep(site, context)
        return {site: context for site, context in found.items() if site in wanted}

    def _contexts_of(
        self, small: Sequence[AlleleWindows], found: dict[Hashable, Context]
    ) -> list[Context]:
        """Return what each alternative reads of its reference; where it is gone, predict again."""
        missing: dict[Hashable, Haplotype] = {}
        for one in small:
            if one.site in found:
                continue
            if one.site in self._kept:
                found[one.site] = self._kept[one.site]
                self._kept.move_to_end(one.site)
            elif one.reference is not None:
                missing[one.site] = one.reference
        if missing:
            codes = np.stack([reference.codes for reference in missing.values()])
            spans = None
            if self._summed:
                spans = np.stack([reference.spans for reference in missing.values()])
            _, contexts = self._shared.references(codes, spans)
            for site, context in zip(missing, contexts, strict=True):
                found[site] = context
                self._keep(site, context)
        return [found[one.site] for one in small]

    def _keep(self, site: Hashable, context: Context) -> None:
        self._kept[site] = context
        self._kept.move_to_end(site)
        most = max(1, _KEPT_BYTES // max(1, context.n_bytes))
        while len(self._kept) > most:
            self._kept.popitem(last=False)

    def _spans(self, windows: Sequence[AlleleWindows]) -> NDArray[np.int32] | None:
        if not self._summed:
            return None
        return np.stack([one.haplotype.spans for one in windows])

    def _fill(self, windows: Sequence[AlleleWindows], outputs: Array) -> None:
        for one, values in zip(windows, outputs, strict=True):
            if self._summed:
                one.outputs[:] = values
                continue
            one.outputs[:] = 0
            for number, (low, high) in enumerate(self._places.needed):
                one.outputs[number, :, low:high] = values[number]
