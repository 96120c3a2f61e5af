"""The toy that was reproduced once, for the tests of several commands."""

from toy_reproduction import gold, made, place

__all__ = ["gold", "made", "place"]
