"""A toy model, a small genome and a VCF of several shards; Slurm and Ray on this machine."""

from toy_clusters import ray_python, slurm
from toy_model import toy_zoo
from toy_plan import here, zooctl

__all__ = ["here", "ray_python", "slurm", "toy_zoo", "zooctl"]
