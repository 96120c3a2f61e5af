"""zooctl: a model zoo and inference command line for regulatory genomics."""

__version__ = "0.1.0"
