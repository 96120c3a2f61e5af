"""A toy model, a small genome and a VCF that makes several shards."""

from toy_model import toy_zoo
from toy_plan import here, zooctl

__all__ = ["here", "toy_zoo", "zooctl"]
