"""The toy of the zoo, for tests that name a model."""

from __future__ import annotations

from toy_model import toy_zoo

__all__ = ["toy_zoo"]
