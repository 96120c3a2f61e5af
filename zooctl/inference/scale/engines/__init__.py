"""Machines that run the shards of a plan: processes here, Slurm, Ray."""
