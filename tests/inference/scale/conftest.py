"""A toy model, a small genome and a VCF of several shards; Slurm, Ray and S3 on this machine."""

from toy_clusters import ray_python, slurm
from toy_model import toy_zoo
from toy_plan import here, zooctl
from toy_store import bucket, store_python

__all__ = ["bucket", "here", "ray_python", "slurm", "store_python", "toy_zoo", "zooctl"]
