"""A zoo with one tiny model that really runs."""

from toy_model import toy_zoo

__all__ = ["toy_zoo"]
