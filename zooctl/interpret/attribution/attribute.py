"""Importance of each base of windows, by five methods, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError, need
from zooctl.inference.device.session import one_hot
from zooctl.inference.model import OpenModel
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.inference.tracks.region import as_codes
from zooctl.interpret.attribution.substitutions import substitute, substitute_by_change
from zooctl.interpret.attribution.target import (
    TrackTarget,
    all_bins,
    mirrored,
    on_other_strand,
    target_of,
    weights_of,
)
from zooctl.interpret.libraries import libraries_of
from zooctl.interpret.options import DEFAULT_ATTRIBUTION, AttributeOptions, Method
from zooctl.progress import Advance, Progress, no_progress
from zooctl.sequence.onehot import BASES, Codes, reverse_complement

if TYPE_CHECKING:
    from zooctl.interpret.attribution.network import Explained

GROUP = 256
"""Windows whose contributions to all of their bases lie in memory at once."""
# Windows or pairs of a batch of torch.
_MOST_AT_ONCE = 64
_WITH_REFERENCES = ("deeplift", "integrated_gradients")


@dataclass(frozen=True, eq=False)
class Attributions:
    """Importance of the bases of windows for one track.

    Attributes:
        codes: Bases, uint8 ``(n, length)``, of the span that was asked for.
        hypothetical: Contribution of each base that could stand at a position, float32
            ``(n, 4, length)``, channels A, C, G, T; as ``hypothetical_contribs`` of TF-MoDISco.
        projected: The same at the base that stands there, and 0 at the others (``saliency``: the
            largest size over the four).
        values: The number that is attributed, ``(n,)``.
        deltas: Share of the difference between a window and its references that the contributions
            miss, ``(n,)``; NaN for methods without references.
        track: Name of the track.
        unit: Scale of the values.
        method: The method.
    """

    codes: Codes
    hypothetical: NDArray[np.float32]
    projected: NDArray[np.float32]
    values: NDArray[np.float64]
    deltas: NDArray[np.float64]
    track: str
    unit: str
    method: Method

    @cached_property
    def importance(self) -> NDArray[np.float32]:
        """Importance of the base that stands at each position, ``(n, length)``."""
        total: NDArray[np.float32] = self.projected.sum(axis=1)
        return total


def attribute(
    model: OpenModel,
    windows: Sequence[str] | Codes,
    method: Method = "deeplift",
    *,
    track: str | None = None,
    bins: NDArray[np.int64] | None = None,
    span: tuple[int, int] | None = None,
    options: AttributeOptions = DEFAULT_ATTRIBUTION,
    network: Explained | None = None,
    progress: Progress = no_progress,
) -> Attributions:
    """Return the importance of each base of windows for the mean of a track over some bins.

    ``ism`` works for every entry; the others need a recipe and safetensors. ``ism`` gives the
    number with each base, less the mean over the four; ``saliency`` the gradient;
    ``input_x_gradient`` the gradient less its mean over the four bases; ``deeplift`` and
    ``integrated_gradients`` contributions to the difference from shuffled references.

    Args:
        model: The model.
        windows: Strings, or codes ``(n, input_length)``.
        method: The method.
        track: Name of the track; the only one if not given.
        bins: First bin, and past the last, of each window, ``(n, 2)``; all of the output if not
            given.
        span: First position that importance is asked for, and past the last; all by default.
        options: References, steps, seed and strands; what is of regions is passed over.
        network: Torch network in place of the entry's own, such as one of random weights.
        progress: Opens the progress display.

    Raises:
        InputError: The method does not fit the model; or track, windows, bins or span do not; or
            torch, captum or tangermeme is not installed.
        VerificationError: An importance is not a finite number.
    """
    need(libraries_of(method), f"attribution by {method}")
    card = model.card
    codes = as_codes(windows, card.input_length)
    if isinstance(model.session, SeveralInputs):
        raise InputError(f"{card.name} reads more than the sequence", expected="sequence alone")
    n_bins = card.geometry.n_bins
    bins = all_bins(len(codes), n_bins) if bins is None else np.asarray(bins, dtype=np.int64)
    first, last = span or (0, card.input_length)
    if not 0 <= first < last <= card.input_length:
        raise InputError("span does not fit", got=span, expected=f"0 to {card.input_length}")
    run = _Run(model, method, options, target_of(card, track), network)
    total = len(codes) * run.steps(last - first)
    with progress(total, "windows", f"{card.name} {method}") as advance:
        parts = [
            run.both_strands(
                codes[low : low + GROUP], bins[low : low + GROUP], (first, last), advance
            )
            for low in range(0, len(codes), GROUP)
        ]
    found = joined(parts)
    if not np.isfinite(found.hypothetical).all():
        raise VerificationError("an importance is not a finite number", got=card.name)
    return found


def torch_batch(model: OpenModel) -> int:
    """Return how many windows, or pairs of a window and a reference, torch runs at once."""
    return min(_MOST_AT_ONCE, model.session.batch_size)


def batch_ends(model: OpenModel, n: int, options: AttributeOptions) -> list[int]:
    """Return the numbers of windows after which a batch ends.

    Last bits may depend on the windows of a batch; those cut there are the same in parts.

    Args:
        model: The model.
        n: Windows.
        options: Method and references.
    """
    step = 1
    if options.method in _WITH_REFERENCES:
        step = max(1, torch_batch(model) // options.references)
    elif options.method != "ism":
        step = torch_batch(model)
    return [
        min(end, low + GROUP, n)
        for low in range(0, n, GROUP)
        for end in range(low + step, low + GROUP + step, step)
        if end - step < n
    ]


class _Run:
    """One attribution: its model, method and number."""

    def __init__(
        self,
        model: OpenModel,
        method: Method,
        options: AttributeOptions,
        target: TrackTarget,
        network: Explained | None,
    ) -> None:
        self.model, self.method, self.options, self.target = model, method, options, target
        self.network = network

    def steps(self, span: int) -> int:
        """Return the number of windows that are run for one that is explained."""
        strands = 2 if self.options.rc else 1
        if self.method == "ism":
            return strands * (1 + (len(BASES) - 1) * span)
        return strands * (self.options.references if self.method in _WITH_REFERENCES else 1)

    def both_strands(
        self, codes: Codes, bins: NDArray[np.int64], span: tuple[int, int], advance: Advance
    ) -> Attributions:
        """Return the importances on the strand that is read, or the mean over both."""
        options, target, card = self.options, self.target, self.model.card
        if target.reverse and options.rc:
            raise InputError(
                f"{card.name} reads the transcribed strand, and no mean of both", field="rc"
            )
        parts = []
        if not target.reverse:
            parts.append(self.one_strand(codes, bins, span, target, advance))
        if options.rc or target.reverse:
            turned = (codes.shape[1] - span[1], codes.shape[1] - span[0])
            other = target if target.reverse else on_other_strand(target, card.track_order_rc)
            back = mirrored(bins, card.geometry.n_bins)
            found = self.one_strand(reverse_complement(codes), back, turned, other, advance)
            parts.append(_turned(found))
        if len(parts) == 1:
            return parts[0]
        return mean_of(parts)

    def one_strand(
        self,
        codes: Codes,
        bins: NDArray[np.int64],
        span: tuple[int, int],
        target: TrackTarget,
        advance: Advance,
    ) -> Attributions:
        """Return the importances of windows as they are given."""
        card = self.model.card
        weights = weights_of(bins, card.geometry.n_bins)
        if self.method == "ism":
            session = self.model.session
            assert not isinstance(session, SeveralInputs)
            changes = self.model.changes
            if changes is None:
                numbers, values = substitute(session, codes, weights, target, span, advance)
            else:
                numbers, values = substitute_by_change(
                    changes, codes, weights, target, span, advance
                )
            hypothetical = numbers - numbers.mean(axis=1, keepdims=True)
            deltas = np.full(len(codes), np.nan)
        else:
            found = self._by_torch(codes, weights, target, advance)
            hypothetical, values, deltas = found
            hypothetical = hypothetical[:, :, span[0] : span[1]]
        own = codes[:, span[0] : span[1]]
        shown = hypothetical
        if self.method == "saliency":
            shown = np.broadcast_to(np.abs(hypothetical).max(axis=1, keepdims=True), shown.shape)
        projected = shown * one_hot(own, 0)
        return Attributions(
            own, hypothetical, projected, values, deltas, target.name, target.unit, self.method
        )

    def _by_torch(
        self, codes: Codes, weights: NDArray[np.float32], target: TrackTarget, advance: Advance
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
        from zooctl.interpret.attribution.deeplift import against_references
        from zooctl.interpret.attribution.gradients import centred, gradients
        from zooctl.interpret.attribution.network import open_network

        card, options = self.model.card, self.options
        if self.network is None:
            self.network = open_network(self.model, target)
        net = self.network
        net.track = target.track
        batch_size = torch_batch(self.model)
        if self.method in _WITH_REFERENCES:
            return against_references(
                net,
                codes,
                weights,
                self.method,  # type: ignore[arg-type]
                unknown_base=card.unknown_base,
                n_references=options.references,
                n_steps=options.steps,
                seed=options.seed,
                batch_size=batch_size,
                advance=advance,
            )
        x = one_hot(codes, card.unknown_base)
        found = gradients(net, x, weights, batch_size, advance)
        if self.method == "saliency":
            return found
        return found._replace(hypothetical=centred(found.hypothetical))


def mean_of(parts: Sequence[Attributions]) -> Attributions:
    """Return the mean of several importances of the same bases."""

    def mean(name: str) -> NDArray[Any]:
        first = getattr(parts[0], name)
        found: NDArray[Any] = np.mean([getattr(one, name) for one in parts], axis=0)
        return found.astype(first.dtype)

    averaged: dict[str, Any] = {
        name: mean(name) for name in ("hypothetical", "projected", "values", "deltas")
    }
    return replace(parts[0], **averaged)


def joined(parts: Sequence[Attributions]) -> Attributions:
    """Return importances of windows behind each other."""
    arrays = ("codes", "hypothetical", "projected", "values", "deltas")
    found: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in parts]) for name in arrays
    }
    return replace(parts[0], **found)


def _turned(found: Attributions) -> Attributions:
    """Return importances of reverse complements, on the given strand."""

    def back(array: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ascontiguousarray(array[:, ::-1, ::-1])

    return replace(
        found,
        codes=reverse_complement(found.codes),
        hypothetical=back(found.hypothetical),
        projected=back(found.projected),
    )
