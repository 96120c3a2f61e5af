"""Lengths and numbers of tracks that a network is built for, and their checks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from zooctl.errors import InputError


@dataclass(frozen=True)
class NetWindow:
    """Lengths in bp of the windows that a network reads and predicts, and numbers of tracks.

    Attributes:
        input_length: Bases read.
        output_length: Bases predicted, centred in the input.
        bin_size: Bases to a predicted value.
        n_tracks: Tracks predicted.
        n_controls: Tracks of the second input: binned controls, or signals per base.

    >>> NetWindow(input_length=2048, output_length=1024, bin_size=32, n_tracks=1).n_bins
    32
    """

    input_length: int
    output_length: int
    bin_size: int
    n_tracks: int
    n_controls: int = 0

    @property
    def n_bins(self) -> int:
        """Predicted values a track."""
        return self.output_length // self.bin_size

    def check(self, pool: int = 1) -> None:
        """Refuse lengths that a network with this much pooling cannot serve.

        Args:
            pool: Bases to a position of the last layer before the bins.

        Raises:
            InputError: Naming the field at fault.
        """
        flanks = self.input_length - self.output_length
        if not 0 < self.output_length <= self.input_length:
            raise InputError(
                "output is longer than the input or empty",
                field="output_length",
                got=self.output_length,
                expected=f"1 to {self.input_length}",
            )
        if self.bin_size < 1 or self.output_length % self.bin_size:
            raise InputError(
                "output is not a whole number of bins",
                field="bin_size",
                got=self.bin_size,
                expected=f"a divisor of {self.output_length}",
            )
        if self.input_length % pool or self.bin_size % pool or (flanks // 2) % pool:
            raise InputError(
                "pooling does not divide the input, the bin and the flank",
                field="pool",
                got=pool,
                expected=f"a divisor of {math.gcd(self.input_length, self.bin_size)}",
            )
        if flanks % 2:
            raise InputError(
                "flanks are of different lengths",
                field="output_length",
                got=self.output_length,
                expected=f"{self.input_length} less an even number",
            )

    def check_one_bin(self) -> None:
        """Refuse more than one bin for a network of one value a window.

        Raises:
            InputError: Naming the field at fault.
        """
        self.check()
        if self.output_length != self.bin_size:
            raise InputError(
                "this network predicts one value a window",
                field="bin_size",
                got=self.bin_size,
                expected=self.output_length,
            )

    def positions_after(self, *layers: tuple[int, int]) -> int:
        """Return the positions left of the input after valid convolutions, each with its pooling.

        Args:
            layers: Width of the convolution (1 for one that keeps the length), and of the pool.

        Raises:
            InputError: None is left.

        >>> deepsea = NetWindow(input_length=1000, output_length=200, bin_size=200, n_tracks=919)
        >>> deepsea.positions_after((8, 4), (8, 4), (8, 1))
        53
        """
        positions = self.input_length
        for kernel, pool in layers:
            positions = (positions - kernel + 1) // pool
        if positions < 1:
            raise InputError(
                "window is too short for the network", field="input_length", got=self.input_length
            )
        return positions
